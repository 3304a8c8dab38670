import type { Io } from '../io/io.ts';
import { DeployError } from '../model/errors.ts';
import { isBelowBaseUrl, type SmokeTest } from '../model/smoke-test.ts';
import type { Workload } from '../model/workload.ts';
import type { Step } from '../strategies/strategy.ts';
import { ensureInside } from './inside-tests.ts';

export interface TestableRequest {
  readonly workload: Workload;
  /** What will be done; none where nothing is to be deployed. */
  readonly steps: readonly Step[];
  readonly smokeTests: readonly SmokeTest[];
  readonly image: string | null;
}

/**
 * Smoke tests that can't pass wherever they would run refuse the deployment before anything is touched. Reads only.
 * @throws DeployError INPUT_INVALID, PERMISSION_DENIED, what the platform refuses
 */
export async function ensureTestable(request: TestableRequest, io: Io): Promise<void> {
  if (await request.workload.nothingRuns?.()) return;
  refuseReservedHeaders(request);
  refuseHttp2(request);
  await ensureInside(request, io);
}

/** The address of a new revision may lead through something that keeps some headers for itself. */
function refuseReservedHeaders({ workload, steps, smokeTests }: TestableRequest): void {
  const { previewReserves = [] } = workload.capabilities;
  if (!hasPreview(steps)) return;
  const lines = smokeTests.flatMap((test) => {
    if (test.kind !== 'http' || test.inside || !test.location.startsWith('/')) return [];
    const headers = [...test.headers.keys()].filter((name) => previewReserves.includes(name));
    return headers.length === 0 ? [] : [`"${test.name}" sends ${headers.join(', ')}`];
  });
  if (lines.length === 0) return;
  const why = 'the address of a revision without traffic does not pass such a header on';
  throw new DeployError('INPUT_INVALID', `could not test before the first traffic: ${lines.join('; ')}, and ${why}`, {
    hint: 'Set `in-cluster: true` for it, write its full URL, leave out the header, or use `strategy: rolling` with `url`.',
  });
}

function hasPreview(steps: readonly Step[]): boolean {
  return steps.some((step) => step.kind === 'bake' || (step.kind === 'smoke-test' && step.against === 'preview'));
}

/** What keeps headers for itself passes HTTP/1.1 on. */
function refuseHttp2({ workload, steps, smokeTests }: TestableRequest): void {
  if (!workload.capabilities.previewReserves || !hasPreview(steps)) return;
  const needy = smokeTests.find(
    (test) => isBelowBaseUrl(test) && (test.kind === 'grpc' || (test.kind === 'http' && test.isHttp2)),
  );
  if (!needy) return;
  const why = 'the address of a revision without traffic passes no HTTP/2 on';
  throw new DeployError('INPUT_INVALID', `could not test before the first traffic: "${needy.name}": ${why}`, {
    hint: 'Run a client in the cluster (`run:` with `in-cluster: true`), write its full URL, or use `strategy: rolling` with `url`.',
  });
}
