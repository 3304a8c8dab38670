import { type Access, ensureAllowed } from '../access-review.ts';
import { findRouteKind } from './route-kind.ts';
import type { SplitData } from './split-data.ts';
import type { SplitMode } from './split-facts.ts';
import type { SplitWorkload } from './split-workload.ts';

/** Asked once in a run. */
const PERMITTED = 'permitted to split';

/** Names all that is missing at once, before anything is touched. @throws DeployError PERMISSION_DENIED */
export async function ensureSplitPermitted(split: SplitWorkload, data: SplitData, mode: SplitMode): Promise<void> {
  const { run } = split;
  if (run.said.has(PERMITTED)) return;
  await ensureAllowed(run, neededBy(split, data, mode), `deploy beside ${run.resource}`);
  run.said.add(PERMITTED);
}

/** What the Deployment itself takes is checked where that is changed. */
function neededBy({ copy }: SplitWorkload, { services, route }: SplitData, mode: SplitMode): readonly Access[] {
  const deployments = { group: 'apps', resource: 'deployments' };
  const pods = { group: '', resource: 'pods' };
  const service = { group: '', resource: 'services' };
  return [
    { verb: 'create', ...deployments },
    ...(['get', 'patch', 'delete'] as const).map((verb) => ({ verb, ...deployments, name: copy.name })),
    { verb: 'patch', ...pods, subresource: 'status' },
    // What else than GET a smoke test sends takes its own verb.
    { verb: 'get', ...pods, subresource: 'proxy' },
    ...(mode === 'blue-green' && !route ? services.map(({ name }) => ({ verb: 'patch', ...service, name })) : []),
    ...(route
      ? [
          { verb: 'create', ...service },
          { verb: 'delete', ...service, name: copy.name },
        ]
      : []),
    ...(route ? [{ verb: 'patch', ...toResource(route.kind), name: route.name }] : []),
  ];
}

function toResource(word: string): Pick<Access, 'group' | 'resource'> {
  const { api = '', plural = '' } = findRouteKind(word) ?? {};
  return { group: api.split('/')[0]!, resource: plural };
}
