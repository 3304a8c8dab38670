import type { Service, Task } from '@aws-sdk/client-ecs';
import { readIfAllowed } from '../../../io/read-optional.ts';
import { findEarlyFailure, findPermanentFailure, findPortInUse } from './early-failure.ts';
import type { EcsService } from './service.ts';
import { listOurTasks } from './stopped-tasks.ts';

/** A run that may not write a marker stops a rollout that fails within this time. */
const HANDLED_WITHIN_MS = 30_000;

export interface Rollout {
  readonly taskDefinition: string;
  /** Of its deployment, AWS's clock, in milliseconds since 1970. */
  readonly createdAt: number;
}

/** Why a deployment in progress can't end by itself; null: it may, as far as reading tells. */
export async function findStuck(ecs: EcsService, service: Service, rollout: Rollout): Promise<string | null> {
  const { taskDefinition, createdAt } = rollout;
  const events = (service.events ?? []).filter((event) => (event.createdAt?.getTime() ?? 0) > createdAt);
  const messages = events.map(({ message }) => message ?? '');
  const permanent = findPermanentFailure(messages) ?? findPortInUse(messages, service);
  if (permanent) return permanent;
  // The circuit breaker ends a crash loop.
  if (service.deploymentConfiguration?.deploymentCircuitBreaker?.enable) return null;
  const read = () => listOurTasks(ecs, taskDefinition, 'STOPPED');
  const stopped = await readIfAllowed(ecs, 'noticing that another deployment can’t end', read);
  return decideStuck(stopped ?? [], createdAt, service.desiredCount ?? 1);
}

/** Pure. `stopped`: of its task definition, newest first. */
export function decideStuck(stopped: readonly Task[], createdAt: number, desired: number): string | null {
  const ofIt = stopped.filter((task) => (task.createdAt?.getTime() ?? 0) >= createdAt);
  const lastAt = Math.max(0, ...ofIt.map(({ stoppedAt }) => stoppedAt?.getTime() ?? 0));
  if (lastAt - createdAt < HANDLED_WITHIN_MS) return null;
  return findEarlyFailure(ofIt, desired);
}
