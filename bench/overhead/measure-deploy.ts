import path from 'node:path';
import { CLUSTER, openAgentService, REPOSITORY, SERVICE } from '../../simulators/agent-service.ts';
import { buildImage } from '../../simulators/images.ts';
import { ECR_HOST } from '../../simulators/world.ts';
import type { Rollout } from './rollouts.ts';

/** One whole run of the action, in virtual time. */
export interface Measured {
  /** What the platform itself says that the rollout took. */
  readonly rolloutMs: number;
  /** From the platform's "done" to the end of our step. */
  readonly overheadMs: number;
  /** Calls of cloud APIs in the whole step, without those of registries. */
  readonly calls: number;
  /** Of them, those after the request that made the change live. */
  readonly callsAfter: number;
  /** From that request to the end of our step. */
  readonly afterMs: number;
}

export interface Variation {
  /** Was the service deployed before, with a drain of its own? null: AWS remembers one rollout that took a minute. */
  readonly drainBeforeMs: number | null;
  readonly drainMs: number;
  /** The step starts this much later. */
  readonly startsAfterMs: number;
}

const dist = path.resolve(import.meta.dirname, '../../dist');
const A_DAY_MS = 24 * 3_600_000;

/** @throws Error when the step is not green. */
export async function measureDeploy({ service }: Rollout, variation: Variation): Promise<Measured> {
  const entries = { main: path.join(dist, 'main.js'), post: path.join(dist, 'post.js') };
  const agent = await openAgentService({ entries, service });
  const { aws, clock, ecr, edge } = agent.world;
  try {
    if (variation.drainBeforeMs !== null) {
      const before = buildImage({ seed: 'before', behaviour: { version: 'before' } });
      ecr.seed(REPOSITORY, 'before', before);
      aws.setService(CLUSTER, SERVICE, { deregistrationDelayMs: variation.drainBeforeMs });
      aws.foreignDeploy(CLUSTER, SERVICE, `${ECR_HOST}/${REPOSITORY}@${before.digest}`);
      await clock.advance(A_DAY_MS / 2);
    }
    await clock.advance(variation.startsAfterMs);
    aws.setService(CLUSTER, SERVICE, { deregistrationDelayMs: variation.drainMs });
    const image = agent.world.publish('v2', {});
    let endedAt = 0;
    const { main } = await agent.deploy(
      { image, timeout: '2h' },
      {
        afterMain: () => {
          endedAt = clock.now();
        },
      },
    );
    if (main.exitCode !== 0) throw new Error(`the step is not green:\n${main.log}`);
    const record = aws.ecs.services[0]!.records.at(-1)!;
    const calls = edge.calls.filter(
      ({ operation }) => !operation.startsWith('registry:') && /^\w+:\w+$/.test(operation),
    );
    const update = calls.find(({ operation }) => operation === 'ecs:UpdateService')!;
    const after = calls.filter(({ at, n }) => n > update.n && at <= endedAt);
    return {
      rolloutMs: record.finishedAt! - record.createdAt,
      overheadMs: endedAt - record.finishedAt!,
      calls: calls.length,
      callsAfter: after.length,
      afterMs: endedAt - update.at,
    };
  } finally {
    await agent.close();
  }
}
