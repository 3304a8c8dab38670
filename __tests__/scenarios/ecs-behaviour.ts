import type { Agent } from '../../simulators/agent.ts';
import type { ServiceOptions } from '../../simulators/aws/ecs/add-service.ts';
import type { Behaviour as ImageBehaviour } from '../../simulators/behaviour.ts';
import type { ImageOptions } from '../../simulators/images.ts';
import type { JsonObject } from '../../simulators/json.ts';
import type { ActionResult } from '../../simulators/runner.ts';
import type { EcsExchange } from './watch-ecs.ts';

/** Something that ECS does and that a real deploy tool got wrong. Numbers as in facts/simulators.md, section 4. */
interface Known {
  readonly number: number;
  readonly behaviour: string;
  readonly link: string;
}

export interface StagedBehaviour extends Known {
  /** How the simulator stages it, in words. */
  readonly staging: string;
  readonly service?: Partial<ServiceOptions>;
  /** What the new image does. */
  readonly image?: Partial<ImageBehaviour>;
  readonly imageOptions?: Omit<ImageOptions, 'behaviour'>;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Makes what is there before; "as before" means as it is after this. */
  readonly arrange?: (agent: Agent) => unknown;
  /** Right before the action starts. */
  readonly disturb?: (agent: Agent) => unknown;
  readonly expected: ExpectedEnd;
  /** Did the platform really show the behaviour? A row that was not staged would prove nothing. */
  readonly wasStaged: (run: BehaviourRun) => boolean;
}

export interface UnreachableBehaviour extends Known {
  /** Completes "not reachable because". */
  readonly notReachable: string;
}

export interface ExpectedEnd {
  readonly outcome: string;
  /** What the one error annotation of a red run says. */
  readonly annotation?: RegExp;
  /** What the log of main says besides. */
  readonly says?: readonly RegExp[];
  /** What the live service answers in the end; null: it has no address, or is broken. */
  readonly live: string | null;
  /** The service is exactly as before when main ends, and when post has ended. */
  readonly asBefore: boolean;
  /** More that has to be so. */
  readonly check?: (run: BehaviourRun) => void;
}

export interface BehaviourRun {
  readonly agent: Agent;
  readonly result: ActionResult;
  readonly seen: readonly EcsExchange[];
  /** The service when main ended. */
  readonly atEndOfMain: JsonObject;
  /** Virtual time that main took. */
  readonly tookMs: number;
}

export type BehaviourRow = StagedBehaviour | UnreachableBehaviour;

export const MINUTE_MS = 60_000;

/** Exits with code 3, one second after each start. */
export const crashLoop: Partial<ImageBehaviour> = {
  crash: { afterMs: 1_000, exitCode: 3, logs: ["KeyError: 'OPENAI_API_KEY'"] },
};

export const breaker: Partial<ServiceOptions> = { circuitBreaker: { enable: true, rollback: true } };

export function issue(repository: string, number: number): string {
  return `https://github.com/${repository}/issues/${number}`;
}

/** Every answer of ECS to a read is late by this, so that hours of polling are a few hundred calls. */
export function answerSlowly(agent: Agent, ms: number): void {
  agent.world.edge.faults.add({ operation: /^ecs:(Describe|List)/, when: 'after', act: { kind: 'delay', ms } });
}
