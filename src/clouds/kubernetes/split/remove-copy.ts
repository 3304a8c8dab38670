import { decideRemoval } from './decide-removal.ts';
import { perform } from './perform.ts';
import { readState, type SplitState, toFacts } from './read-state.ts';
import type { SplitData } from './split-data.ts';
import type { SplitWait } from './split-facts.ts';
import type { SplitWorkload } from './split-workload.ts';

export type RemovalStep = SplitWait | { readonly act: 'removed' };

/** One step of it: a request at most. @throws DeployError */
export async function removeNext(split: SplitWorkload, data: SplitData): Promise<RemovalStep> {
  return await removeStep(split, await readState(split, data), data);
}

/** As `removeNext`, of what was read already. */
export async function removeStep(split: SplitWorkload, state: SplitState, data: SplitData): Promise<RemovalStep> {
  const facts = toFacts(split, state, data);
  const decision = decideRemoval(facts);
  if (decision.act === 'wait' || decision.act === 'removed') return decision;
  const isDone = await perform(split, { state, data, routed: facts.routed }, decision);
  return { act: 'wait', ...describeAct(split, decision, isDone) };
}

/** What was asked for, for people. */
export function describeAct(
  { copy, run }: SplitWorkload,
  decision: { readonly act: string },
  isDone: boolean,
): { readonly reason: string; readonly message: string; readonly ms?: number } {
  if (!isDone) {
    return {
      reason: 'CHANGED_MEANWHILE',
      message: 'something has changed since it was read; reading it again',
      ms: 500,
    };
  }
  const message = MESSAGES[decision.act as keyof typeof MESSAGES];
  return { reason: 'SHIFTING', message: message.replaceAll('COPY', copy.name).replaceAll('NAME', run.name), ms: 500 };
}

const MESSAGES = {
  'scale-copy': 'COPY is scaled',
  'scale-stable': 'NAME is scaled, to be as strong as COPY before it gets its traffic back',
  open: 'pods of COPY get traffic',
  close: 'COPY gets no new requests',
  narrow: 'all traffic goes to COPY',
  widen: 'NAME gets its traffic back',
  'give-back': 'fields are restored to their former field managers',
  'create-service': 'service COPY is created',
  'delete-service': 'service COPY is deleted',
  route: 'the weights of the route are changed',
  'delete-copy': 'COPY is being deleted',
} as const;
