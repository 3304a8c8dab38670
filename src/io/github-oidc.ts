import { z } from 'zod';
import { DeployError } from '../model/errors.ts';
import { tryParseJson } from '../model/json.ts';
import { explainWrongAnswer, WrongAnswer } from '../model/wrong-answer.ts';
import { type Http, type HttpResponse, readBody } from './http.ts';
import type { Io } from './io.ts';
import { type RetryPolicy, retryTransient } from './retry-transient.ts';

const RETRIES: RetryPolicy = { tries: 3, firstDelayMs: 1_000 };

/**
 * The job's identity, as a token that GitHub signs for `audience`. It lives for minutes, so it is asked for when it is used.
 * https://docs.github.com/en/actions/reference/security/oidc
 *
 * @throws DeployError AUTH_FAILED that says what the job lacks; NETWORK or THROTTLED when GitHub does not answer; the
 *   signal's reason
 */
export async function fetchIdToken(
  io: Pick<Io, 'clock' | 'env' | 'http' | 'log'>,
  audience: string,
  signal: AbortSignal,
): Promise<string> {
  const service = findTokenService(io.env);
  service.url.searchParams.set('audience', audience);
  const token = await retryTransient(() => ask(service, io.http, signal), RETRIES, { clock: io.clock, signal });
  io.log.mask(token);
  return token;
}

interface TokenService {
  readonly url: URL;
  readonly token: string;
}

/** The runner says where, and proves us there, only in jobs that may ask. */
function findTokenService(env: Io['env']): TokenService {
  const [address = '', token = ''] = [env['ACTIONS_ID_TOKEN_REQUEST_URL'], env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']];
  if (address === '' || token === '') {
    throw new DeployError('AUTH_FAILED', 'could not get an identity token of GitHub: this job may not ask for one', {
      hint: 'Add `id-token: write` to the job’s `permissions`. A workflow that a fork’s pull request started never gets one.',
    });
  }
  const url = URL.parse(address);
  if (url) return { url, token };
  throw new DeployError('AUTH_FAILED', 'could not get an identity token of GitHub: the runner gave no usable address', {
    hint: 'Update the runner: ACTIONS_ID_TOKEN_REQUEST_URL is not a URL.',
  });
}

async function ask({ url, token }: TokenService, http: Http, signal: AbortSignal): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json', 'user-agent': 'deploy-agent' };
  const response = await http.send({ method: 'GET', url, headers, timeoutMs: 15_000, signal });
  const body = await readBody(response, { maxBytes: 65_536, timeoutMs: 15_000 });
  if (response.status !== 200) throw refusal(response);
  const answer = tokenDocument.safeParse(tryParseJson(body.toString()));
  if (answer.success) return answer.data.value;
  throw explainWrongAnswer(new WrongAnswer('the answer has no token', 'GitHub'), 'get an identity token of GitHub');
}

// A header takes no line break and no control character.
const tokenDocument = z.object({ value: z.string().regex(/^[\x21-\x7e]+$/) });

function refusal({ status }: HttpResponse): DeployError {
  const message = `could not get an identity token of GitHub: it answered with status ${status}`;
  if (status === 429) return new DeployError('THROTTLED', message, { hint: 'Run again in a minute.' });
  if (status >= 500)
    return new DeployError('NETWORK', message, { hint: 'See https://www.githubstatus.com; run again.' });
  return new DeployError('AUTH_FAILED', message, {
    hint: 'Add `id-token: write` to the job’s `permissions`; a job that is over gets none any more.',
  });
}
