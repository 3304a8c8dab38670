import type { Agent } from '../../simulators/agent.ts';

type Inputs = Readonly<Record<string, string>>;

export interface Meeting {
  /** The call of the first run at which the second begins, `before` or `after` its effect. */
  readonly operation: RegExp;
  readonly when: 'before' | 'after';
  /** The n-th of them; absent: the first. */
  readonly nth?: number;
  /** What the second run has in its environment beside the usual. */
  readonly secondEnv?: Inputs;
}

/**
 * Two runs at once. The call of the first is held until the second has begun, as virtual time would go on without it.
 * Returns the main step of each.
 */
export async function deployBeside(
  agent: Agent,
  first: Inputs,
  second: Inputs,
  { operation, when, nth = 1, secondEnv = {} }: Meeting,
) {
  const hasBegun = Promise.withResolvers<void>();
  let other: ReturnType<Agent['deploy']> | null = null;
  let seen = 0;
  agent.world.edge.onCall(async (call, moment) => {
    if (moment !== when) return;
    if (other) return hasBegun.resolve();
    if (!operation.test(call.operation) || ++seen < nth) return;
    other = agent.deploy(second, { env: secondEnv });
    await hasBegun.promise;
  });
  const { main } = await agent.deploy(first);
  return { first: main, second: (await other!).main };
}
