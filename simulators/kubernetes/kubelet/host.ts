import type { ImageSource } from '../../behaviour.ts';
import type { JsonObject } from '../../json.ts';
import type { Happening } from '../events.ts';
import type { ObjectSource } from '../store.ts';

/** What a kubelet lives on: a simulated API server and virtual time, or a real one and real time. */
export interface KubeletHost {
  /** Milliseconds since 1970. */
  now(): number;
  /** At this time, once. */
  at(time: number, run: () => void): void;
  readonly images: ImageSource;
  /** For what containers refer to. */
  readonly objects: ObjectSource;
  /** `make`: the pod's new status, whole, from the pod as it is now. */
  report(pod: JsonObject, make: (pod: JsonObject) => JsonObject): void;
  /** The pod has ended, and may go. */
  remove(pod: JsonObject): void;
  record(pod: JsonObject, happening: Happening): void;
}

/** How long things take that aren't the image's affair. */
export interface Pace {
  readonly sandboxMs: number;
  readonly pullMs: number;
  /** From SIGTERM to the end of a container that handles it. */
  readonly stopMs: number;
  readonly firstBackOffMs: number;
  readonly longestBackOffMs: number;
}

export const usualPace: Pace = {
  sandboxMs: 100,
  pullMs: 400,
  stopMs: 500,
  firstBackOffMs: 10_000,
  longestBackOffMs: 300_000,
};
