import { CLUSTER, openAgentService, REPOSITORY, SERVICE } from '../../simulators/agent-service.ts';
import type { ServiceOptions } from '../../simulators/aws/ecs/add-service.ts';
import { buildImage } from '../../simulators/images.ts';
import { ECR_HOST } from '../../simulators/world.ts';
import { entries, HALF_A_DAY_MS, type Part, type Rollout, type Staged } from './rollout.ts';

/**
 * Fargate needs 10 s to start a task, and the load balancer two checks to find it healthy. How long it drains, the last
 * part, differs.
 */
export const ecsRollouts: readonly Rollout[] = [
  {
    title: 'ECS, 30 s: two tasks, a short drain',
    ...{ partMs: 5_000, jitterMs: 2_000, isRemembered: true },
    stage: (drain) => stage({ desiredCount: 2, targetGroup: { checkIntervalMs: 5_000 } }, drain),
  },
  {
    title: 'ECS, 5 min: two tasks, a drain of four minutes',
    ...{ partMs: 260_000, jitterMs: 15_000, isRemembered: true },
    stage: (drain) => stage({ desiredCount: 2, targetGroup: { checkIntervalMs: 10_000 } }, drain),
  },
  {
    title: 'ECS, 40 min: forty tasks, one after the other',
    ...{ partMs: 300_000, jitterMs: 60_000, isRemembered: true },
    stage: (drain) => {
      const service = { desiredCount: 40, maximumPercent: 103, targetGroup: { checkIntervalMs: 20_000 } };
      return stage(service, drain);
    },
  },
];

/** Without a rollout before, AWS remembers one that took a minute. */
async function stage(service: Partial<ServiceOptions>, drain: Part): Promise<Staged> {
  const agent = await openAgentService({ entries, service });
  const { aws, clock, ecr } = agent.world;
  if (drain.beforeMs !== null) {
    const before = buildImage({ seed: 'before', behaviour: { version: 'before' } });
    ecr.seed(REPOSITORY, 'before', before);
    aws.setService(CLUSTER, SERVICE, { deregistrationDelayMs: drain.beforeMs });
    aws.foreignDeploy(CLUSTER, SERVICE, `${ECR_HOST}/${REPOSITORY}@${before.digest}`);
    await clock.advance(HALF_A_DAY_MS);
  }
  aws.setService(CLUSTER, SERVICE, { deregistrationDelayMs: drain.ms });
  return {
    agent,
    update: 'ecs:UpdateService',
    times() {
      const { createdAt, finishedAt } = aws.ecs.services[0]!.records.at(-1)!;
      return { startedAt: createdAt, doneAt: finishedAt! };
    },
  };
}
