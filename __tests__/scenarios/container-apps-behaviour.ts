import type { Agent } from '../../simulators/agent.ts';
import type { AppOptions } from '../../simulators/azure/add-app.ts';
import type { Behaviour as ImageBehaviour } from '../../simulators/behaviour.ts';
import type { JsonObject } from '../../simulators/json.ts';
import type { ActionResult } from '../../simulators/runner.ts';
import type { ArmExchange } from './watch-arm.ts';

/** Something that Container Apps does and that a real deploy tool got wrong. Numbers as in facts/simulators.md, section 4. */
export interface StagedBehaviour {
  readonly number: number;
  readonly behaviour: string;
  readonly link: string;
  /** How the simulator stages it, in words. */
  readonly staging: string;
  /** Traffic goes to the app's revision by name. */
  readonly pinned?: boolean;
  readonly app?: Partial<AppOptions>;
  /** What the new image does. */
  readonly image?: Partial<ImageBehaviour>;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Makes what is there before; "as before" means as it is after this. */
  readonly arrange?: (agent: Agent) => unknown;
  readonly expected: ExpectedEnd;
  /** Did the platform really show the behaviour? A row that was not staged would prove nothing. */
  readonly wasStaged: (run: BehaviourRun) => boolean;
}

export interface ExpectedEnd {
  readonly outcome: string;
  /** What the one error annotation of a red run says. */
  readonly annotation?: RegExp;
  /** What the log of main says besides. */
  readonly says?: readonly RegExp[];
  /** What the live service answers in the end. */
  readonly live: string;
  /** The app is exactly as before when main ends. */
  readonly asBefore: boolean;
  /** More that has to be so. */
  readonly check?: (run: BehaviourRun) => unknown;
}

export interface BehaviourRun {
  readonly agent: Agent;
  readonly result: ActionResult;
  readonly seen: readonly ArmExchange[];
  readonly before: JsonObject;
  /** Users who were left without an answer. */
  readonly failedVisits: number;
  /** Virtual time that main took. */
  readonly tookMs: number;
}

export function issue(repository: string, number: number): string {
  return `https://github.com/${repository}/issues/${number}`;
}

/** The part of the app's document at this path. */
export function partOf(agent: Agent, ...path: readonly string[]): unknown {
  const { document } = agent.world.azure.findApp('agent');
  return path.reduce<unknown>((found, name) => (found as JsonObject | undefined)?.[name], document);
}
