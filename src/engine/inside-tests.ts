import type { Io } from '../io/io.ts';
import { DeployError, describeError } from '../model/errors.ts';
import { type Inside, MAX_FILE_BYTES, type Program } from '../model/inside.ts';
import { joinSentences } from '../model/sentences.ts';
import { isBelowBaseUrl, type PortableSmokeTest, type SmokeTest } from '../model/smoke-test.ts';
import type { Workload } from '../model/workload.ts';
import { curlProgram } from './smoke-tests/curl-program.ts';
import { encodeBody } from './smoke-tests/encode-body.ts';
import { scriptProgram } from './smoke-tests/run-inside.ts';
import type { InsideNetwork } from './smoke-tests/run-smoke-tests.ts';

/** What runs them; undefined: none of these tests is run in the workload's own network. */
export function insideOf({ inside }: Pick<Workload, 'inside'>, tests: readonly SmokeTest[]): Inside | undefined {
  return tests.some((test) => test.inside) ? inside : undefined;
}

interface InsideRequest {
  readonly workload: Pick<Workload, 'inside' | 'resource'>;
  readonly smokeTests: readonly SmokeTest[];
  readonly image: string | null;
}

/**
 * Could the smoke tests with `in-cluster: true` run? Starts nothing.
 * @throws DeployError what is missing or refused, before anything is touched
 */
export async function ensureInside({ workload, smokeTests, image }: InsideRequest, io: Io): Promise<void> {
  const inside = insideOf(workload, smokeTests);
  if (!inside) return;
  const own = smokeTests.filter((test): test is PortableSmokeTest => test.inside !== undefined);
  const needy = own.find((test) => isBelowBaseUrl(test));
  if (needy && !(await inside.endpoint())) {
    const message = `could not tell where to send "${needy.name}": no address of ${workload.resource} in the cluster is known`;
    throw new DeployError('INPUT_INVALID', message, {
      hint: 'Give the workload a Service that selects its pods and has a TCP port, or write the full URL.',
    });
  }
  const programs = await Promise.all(own.map((test) => programOf(test, image ?? '', io)));
  for (const program of programs) ensureSize(program);
  await inside.check(programs);
}

/** As it will be run, but for the address. */
async function programOf(test: PortableSmokeTest, image: string, io: Pick<Io, 'files'>): Promise<Program> {
  if (test.kind === 'command') return scriptProgram(test, { endpoint: null, revision: '', image });
  const { bytes } = await encodeBody(test.body, io.files);
  const url = new URL(test.location, 'http://workload');
  const headers = Object.fromEntries(test.headers);
  const request = { method: test.method, url, headers, body: bytes, timeoutMs: 1, connection: null };
  return curlProgram(request, { boundary: '', image: test.inside?.image ?? null, test });
}

function ensureSize({ files, test }: Program): void {
  const size = Object.values(files).reduce((sum, file) => sum + file.length, 0);
  if (size <= MAX_FILE_BYTES) return;
  const message = `could not run "${test.name}" in the cluster: what it sends has ${size} bytes, and ${MAX_FILE_BYTES} are possible`;
  throw new DeployError('INPUT_INVALID', message, { hint: 'Send less, or leave out `in-cluster: true`.' });
}

/** For a rollback, which goes on without an address. undefined: none of these tests needs it. */
export async function tryFindInside(
  workload: Workload,
  tests: readonly SmokeTest[],
  io: Io,
): Promise<InsideNetwork | undefined> {
  const runner = insideOf(workload, tests);
  if (!runner) return undefined;
  try {
    return { runner, endpoint: await runner.endpoint() };
  } catch (error) {
    io.log.info(
      joinSentences(describeError(error).message, 'The smoke tests in the cluster can’t verify the rollback'),
    );
    return { runner, endpoint: null };
  }
}

/** At the end of a run, and of one whose process is gone. It changes no verdict. */
export async function clearInside(
  { workload, smokeTests }: Pick<InsideRequest, 'smokeTests'> & { readonly workload: Workload },
  io: Io,
): Promise<void> {
  try {
    await insideOf(workload, smokeTests)?.clear();
  } catch (error) {
    const next = 'It ends and goes by itself';
    io.log.info(
      joinSentences(`what is left of a smoke test could not be removed: ${describeError(error).message}`, next),
    );
  }
}
