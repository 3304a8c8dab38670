import type { JsonObject } from '../../json.ts';
import { DAEMON_SETS, DEPLOYMENTS, JOBS, REPLICA_SETS, type ResourceKind, STATEFUL_SETS } from '../resources.ts';

const TEMPLATE = { metadata: {}, spec: { containers: null } };
const SPECS = new Map<ResourceKind, JsonObject>([
  [DEPLOYMENTS, { selector: null, strategy: {}, template: TEMPLATE }],
  [REPLICA_SETS, { selector: null, template: TEMPLATE }],
  [STATEFUL_SETS, { selector: null, updateStrategy: {}, template: TEMPLATE }],
  [DAEMON_SETS, { selector: null, updateStrategy: {}, template: TEMPLATE }],
  [JOBS, { template: TEMPLATE }],
]);

/** What is always there, as the type has no pointer to it: nobody owns it, only what is below. */
export function skeletonOf(kind: ResourceKind): JsonObject {
  if (kind.custom) return { metadata: {} };
  return { metadata: {}, spec: SPECS.get(kind) ?? {}, status: {} };
}
