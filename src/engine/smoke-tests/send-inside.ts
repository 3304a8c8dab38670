import { randomBytes } from 'node:crypto';
import type { Inside } from '../../model/inside.ts';
import type { HttpSmokeTest } from '../../model/smoke-test.ts';
import { curlProgram, readCurlOutput } from './curl-program.ts';
import type { SendRequest } from './outgoing-request.ts';
import { sentValues } from './sent-values.ts';

/** How much longer than its request a program may take. */
const GRACE_MS = 5_000;

/** From the workload's own network. `deadline`: when everything has to be done, in milliseconds since 1970. */
export function sendFromInside(
  inside: Pick<Inside, 'run'>,
  test: HttpSmokeTest,
  { deadline }: { readonly deadline: number },
): SendRequest {
  return async ({ signal, ...request }) => {
    const boundary = `deploy-agent-${randomBytes(12).toString('hex')}`;
    const program = curlProgram(request, { boundary, image: test.inside?.image ?? null, test });
    const end = await inside.run(program, { timeoutMs: request.timeoutMs + GRACE_MS, deadline, signal });
    const secrets = sentValues(request.headers, request.url, test.body);
    const response = readCurlOutput(end, { boundary, host: request.url.host, secrets });
    const body = request.method === 'HEAD' ? '' : response.body;
    return {
      status: response.status,
      headers: response.headers,
      tookMs: response.tookMs,
      readBody: async () => ({ text: body, isWhole: response.isWhole }),
      discard: () => undefined,
    };
  };
}
