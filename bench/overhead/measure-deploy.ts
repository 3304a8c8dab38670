import type { Part, Rollout } from './rollout.ts';

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
  readonly part: Part;
  /** The step starts this much later. */
  readonly startsAfterMs: number;
}

/** @throws Error when the step is not green. */
export async function measureDeploy(rollout: Rollout, { part, startsAfterMs }: Variation): Promise<Measured> {
  const { agent, update, times } = await rollout.stage(part);
  const { clock, edge } = agent.world;
  try {
    await clock.advance(startsAfterMs);
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
    const { startedAt, doneAt } = times();
    const calls = edge.calls.filter(
      ({ operation }) => !operation.startsWith('registry:') && /^\w+:\w+$/.test(operation),
    );
    const sent = calls.find(({ operation }) => operation === update)!;
    const after = calls.filter(({ at, n }) => n > sent.n && at <= endedAt);
    return {
      rolloutMs: doneAt - startedAt,
      overheadMs: endedAt - doneAt,
      calls: calls.length,
      callsAfter: after.length,
      afterMs: endedAt - sent.at,
    };
  } finally {
    await agent.close();
  }
}
