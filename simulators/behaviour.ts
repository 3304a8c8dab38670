/**
 * What a container of an image does. It travels in the image itself, as the label below in its config blob, so a
 * platform learns it only by pulling the image, and a test decides it only by choosing the image.
 */
export interface Behaviour {
  /** Answered by default in the body, so that a caller sees which version served: `agent v2`. */
  readonly version: string;
  /** From the container's start until it listens and passes health checks. */
  readonly readyAfterMs: number;
  /** The container prints `logs` and exits with `exitCode` this long after each start. */
  readonly crash: Crash | null;
  /** From the container's start until health checks begin to fail (it answers 503 then); null: never. */
  readonly unhealthyAfterMs: number | null;
  /** Every n-th request is answered with 500; null: none. */
  readonly failEvery: number | null;
  /** By path; any other path is answered 200 with `version`. */
  readonly answers: Readonly<Record<string, Answer>>;
  readonly logs: readonly string[];
  /** What a container of it can be told to run instead; absent: a shell. */
  readonly programs?: readonly string[];
  /** Whom it runs as, where it says so; a name is no proof that it isn't root. */
  readonly user?: string;
}

export interface Crash {
  readonly afterMs: number;
  readonly exitCode: number;
  readonly logs: readonly string[];
  /** So many starts of a container end like this, where the platform starts it again (Kubernetes, Container Apps); absent: each. */
  readonly times?: number;
}

/** Of a container that has been started again so many times; null: this start does not end. */
export function crashOf({ crash }: Behaviour, restarts: number): Crash | null {
  return crash && restarts < (crash.times ?? Number.POSITIVE_INFINITY) ? crash : null;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly delayMs?: number;
  /** The body is what was received, as JSON `{method, headers, body}`: shows what a client really sent. */
  readonly echo?: boolean;
}

export const BEHAVIOUR_LABEL = 'dev.deploy-agent.simulator.behaviour';

export const wellBehaved: Behaviour = {
  version: 'v1',
  readyAfterMs: 2_000,
  crash: null,
  unhealthyAfterMs: null,
  failEvery: null,
  answers: {},
  logs: [],
};

/** What a platform gets when it pulls. */
export interface PulledImage {
  /** Of the manifest that the reference names: `sha256:…`. */
  readonly digest: string;
  readonly behaviour: Behaviour;
}

/** Where platforms pull from. null: no such image, or none for `platform` (default `linux/amd64`) in its index. */
export interface ImageSource {
  pull(image: string, platform?: string): PulledImage | null;
}
