import { type JsonObject, objectsAt } from '../../json.ts';
import { conditionOf, numberAt, withStatus } from '../object.ts';
import { type ClusterWorld, timeOf } from '../world.ts';

export interface Said {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** As large as this means: no deadline. */
const NO_DEADLINE = 2_147_483_647;

export function hasDeadline(deployment: JsonObject): boolean {
  const seconds = numberAt(deployment, 'spec', 'progressDeadlineSeconds');
  return seconds !== 0 && seconds !== NO_DEADLINE;
}

/** The Deployment with this condition `Progressing`, where it has a deadline at all. Times move when the reason does. */
export function progressing(world: ClusterWorld, deployment: JsonObject, said: Said): JsonObject {
  return hasDeadline(deployment) ? withSaid(world, deployment, { type: 'Progressing', ...said }) : deployment;
}

/** A condition that says the same already is left alone, its times too. */
export function withSaid(
  world: ClusterWorld,
  deployment: JsonObject,
  said: Said & { readonly type: string },
): JsonObject {
  const before = conditionOf(deployment, said.type);
  if (before?.['status'] === said.status && before['reason'] === said.reason) return deployment;
  return withRenewed(world, deployment, said);
}

/** `lastUpdateTime` moves in any case: the deadline counts from it. */
export function withRenewed(
  world: ClusterWorld,
  deployment: JsonObject,
  said: Said & { readonly type: string },
): JsonObject {
  const before = conditionOf(deployment, said.type);
  const now = timeOf(world);
  const lastTransitionTime = before?.['status'] === said.status ? before['lastTransitionTime'] : now;
  const { type, status, reason, message } = said;
  const condition = { type, status, lastUpdateTime: now, lastTransitionTime, reason, message };
  return withStatus(deployment, {
    conditions: [...objectsAt(deployment, 'status', 'conditions').filter((other) => other['type'] !== type), condition],
  });
}

export function withoutCondition(deployment: JsonObject, type: string): JsonObject {
  const conditions = objectsAt(deployment, 'status', 'conditions');
  if (!conditions.some((condition) => condition['type'] === type)) return deployment;
  return withStatus(deployment, { conditions: conditions.filter((condition) => condition['type'] !== type) });
}
