/** One request to an embedded cloud, whole: bodies here are small enough to hold. */
export interface SimulatedRequest {
  readonly method: string;
  /** Absolute, with the production host name: `https://ecs.eu-west-1.amazonaws.com/`. */
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface SimulatedResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Answer this much later, in virtual time. */
  readonly delayMs?: number;
  /** The answer isn't known yet: look again then, in virtual time (a long poll). Nothing else of this one is sent. */
  readonly later?: { readonly at: number; readonly answer: () => SimulatedResponse };
  /** What no HTTP server sends: written to the connection as it is, in place of all of the above. Then it is closed. */
  readonly raw?: (wire: Wire) => Promise<void>;
}

/** The connection to a client, as bytes. */
export interface Wire {
  /** The client has gone. */
  readonly closed: boolean;
  /** Resolves when they have been handed over, or the client has gone. */
  write(bytes: string | Buffer): Promise<void>;
  /** In virtual time, and no longer than the client waits. */
  sleep(ms: number): Promise<void>;
  /** A reset (RST) instead of an end. */
  reset(): void;
}

/** A server that answers for some production host names. Its state is a function of the clock's time. */
export interface SimulatedHost {
  serves(hostname: string): boolean;
  /** What faults, kill points and the journal call this request: `ecs:UpdateService`, `registry:PUT manifest`. */
  nameCall(request: SimulatedRequest): { readonly operation: string; readonly mutates: boolean };
  handle(request: SimulatedRequest): SimulatedResponse | Promise<SimulatedResponse>;
}

/** Virtual time. Only the clock moves it; a simulator only reads. */
export interface TimeSource {
  /** Milliseconds since 1970. */
  now(): number;
}
