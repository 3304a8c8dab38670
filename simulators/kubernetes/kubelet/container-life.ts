import type { PulledImage } from '../../behaviour.ts';
import type { JsonObject } from '../../json.ts';

export interface Waiting {
  readonly kind: 'waiting';
  readonly reason: string;
  readonly message: string;
}

export interface Running {
  readonly kind: 'running';
  readonly startedAt: number;
}

export interface Terminated {
  readonly kind: 'terminated';
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  readonly logs: readonly string[];
}

/** One container of a pod, from its first pull to its end. */
export interface ContainerLife {
  readonly name: string;
  /** `init` runs to its end before the others start, `sidecar` starts among those and stays. */
  readonly role: 'init' | 'sidecar' | 'main';
  readonly spec: JsonObject;
  state: Waiting | Running | Terminated;
  last: Terminated | null;
  image: PulledImage | null;
  restarts: number;
  pulls: number;
  backOffMs: number;
  /** It has been started since the last time that it was not. */
  started: boolean;
  /** What its readiness probe says. */
  passes: boolean;
  /** Counts the requests that it answered. */
  requests: number;
  /** It runs a command of its own, and not what its image does. */
  isProgram: boolean;
}

export function newContainer(spec: JsonObject, role: ContainerLife['role']): ContainerLife {
  return {
    ...{ name: String(spec['name']), role, spec },
    state: { kind: 'waiting', reason: role === 'main' ? 'ContainerCreating' : 'PodInitializing', message: '' },
    ...{ last: null, image: null, restarts: 0, pulls: 0, backOffMs: 0 },
    ...{ started: false, passes: false, requests: 0, isProgram: false },
  };
}

export function isRunning(container: ContainerLife): boolean {
  return container.state.kind === 'running';
}

export function isReadyContainer({ state, role, started, passes, spec }: ContainerLife): boolean {
  if (role === 'init') return state.kind === 'terminated' && state.exitCode === 0;
  return state.kind === 'running' && started && (spec['readinessProbe'] === undefined || passes);
}

/** It doesn't stand in the way of what comes after it. */
export function isInitialized(container: ContainerLife): boolean {
  if (container.role === 'init') return isReadyContainer(container);
  return container.role === 'main' || (isRunning(container) && container.started);
}
