import { AsyncLocalStorage } from 'node:async_hooks';
import type { World } from '../../simulators/world.ts';

/** A step of the action that lives in this process. What a process has once, each of these has for itself. */
export interface RunContext {
  readonly world: World;
  readonly env: Record<string, string | undefined>;
  readonly write: (text: string) => void;
  /** Of `process.on`: signals, and what no code catches. */
  readonly listeners: Map<string, ((...values: unknown[]) => void)[]>;
  /** What its killing ends. */
  readonly requests: Set<{ abandon(): void }>;
  /** Of the job summary, which is one object for all. */
  summary: { _buffer: string };
}

/** In which step the code runs that runs now. */
export const contexts = new AsyncLocalStorage<RunContext>();
