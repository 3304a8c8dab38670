import type { TimeLimit } from '../engine/time-limit.ts';
import type { CancellableIo } from '../io/io.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { Workload } from '../model/workload.ts';
import { type OlderCommitOptions, openOlderCommitCheck } from './older-commit.ts';

/** What was found out is believed for as long. */
const FRESH_MS = 10_000;

export interface FoundService {
  readonly workload: Pick<Workload, 'resource'>;
  readonly endpoint: Pick<Endpoint, 'url'> | null;
}

/** `waited`: another run was waited for, which may have deployed. `later`: looks only if time has passed since the last look. */
export type Moment = 'first' | 'later' | 'waited';

/**
 * Refuses to deploy a commit that is older than the one that the environment has, as far as GitHub's deployments tell. What can't be
 * known refuses nothing.
 * @throws DeployError OLDER_COMMIT, TIMEOUT at the deadline; the signal's reason
 */
export type EnsureNotOlder = (service: FoundService, deadline: number, moment: Moment) => Promise<void>;

/** `openOlderCommitGuard`, where there is something to guard. */
export function guardCommits(options: OlderCommitOptions, limit: TimeLimit, context: CancellableIo): EnsureNotOlder {
  const { clock } = context.io;
  const ensureNotOlder = openOlderCommitCheck(options, context);
  let checkedAt = 0;
  return async ({ workload, endpoint }, deadline, moment) => {
    if (moment === 'later' && clock.now() - checkedAt < FRESH_MS) return;
    const service = { resource: workload.resource, url: endpoint?.url ?? null };
    await limit.run('compare the commits', deadline, () => ensureNotOlder(service, moment !== 'first'));
    checkedAt = clock.now();
  };
}
