import { type Access, ensureAllowed } from './access-review.ts';
import type { ClusterWorkload } from './cluster-workload.ts';

/** Asked once in a run. */
const PERMITTED = 'permitted';

/** Names what is missing at once, before anything is touched. @throws DeployError PERMISSION_DENIED */
export async function ensurePermitted(run: ClusterWorkload): Promise<void> {
  if (run.said.has(PERMITTED)) return;
  await ensureAllowed(run, neededBy(run), `deploy to ${run.resource}`);
  run.said.add(PERMITTED);
}

function neededBy({ kind, name }: ClusterWorkload): readonly Access[] {
  const own = { group: 'apps', resource: kind.plural, name };
  const history = { group: 'apps', resource: kind.history };
  const pods = { group: '', resource: 'pods' };
  return [
    { verb: 'get', ...own },
    { verb: 'patch', ...own },
    { verb: 'list', ...history },
    { verb: 'get', ...history },
    { verb: 'list', ...pods },
    // A pod of a failed template that its StatefulSet waits for has to be deleted.
    ...(kind.name === 'StatefulSet' ? [{ verb: 'delete', ...pods }] : []),
  ];
}
