/** An address and what it takes to call it. */
export interface Endpoint {
  readonly url: string;
  /** What a caller has to send (an identity token, say), good for now; never logged. */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** Names of headers of a smoke test, in lower case, that this address would not pass on or would take for its own. */
  readonly reservedHeaders?: readonly string[];
  /** In lower case: what a login in front of it adds to its own answers, and the service never sends. */
  readonly loginHeader?: string;
  /** The same, as it is reached from the workload's own network; absent: it isn't. */
  readonly inside?: Endpoint;
  /** How to connect where the public network and its certificates don't lead there: through an API server, say. */
  readonly connection?: ConnectionOptions;
}

/** How to connect. The first three are PEM text. */
export interface ConnectionOptions {
  /** Whose certificates are trusted, instead of those that the runner trusts. */
  readonly ca?: string;
  /** Client certificate and its key. */
  readonly certificate?: string;
  readonly key?: string;
  /** Name to verify the server's certificate against, where it isn't the URL's host. */
  readonly serverName?: string;
  /** True: whoever answers is taken for the server, without a check of its certificate. */
  readonly isUnverified?: boolean;
  /** http or https: the proxy to go through, instead of the job's. May have a login in it. */
  readonly proxy?: string;
}

/** An endpoint that anyone may call. */
export function openEndpoint(url: string): Endpoint {
  return { url, headers: async () => ({}) };
}
