/** An address and what it takes to call it. */
export interface Endpoint {
  readonly url: string;
  /** What a caller has to send (an identity token, say), good for now; never logged. */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** Names of headers of a smoke test, in lower case, that this address would not pass on or would take for its own. */
  readonly reservedHeaders?: readonly string[];
  /** How to connect where the public network and its certificates don't lead there: through an API server, say. */
  readonly connection?: ConnectionOptions;
}

/** For TLS. PEM text. */
export interface ConnectionOptions {
  /** Whose certificates are trusted, instead of those that the runner trusts. */
  readonly ca?: string;
  /** Client certificate and its key. */
  readonly certificate?: string;
  readonly key?: string;
  /** Name to verify the server's certificate against, where it isn't the URL's host. */
  readonly serverName?: string;
}

/** An endpoint that anyone may call. */
export function openEndpoint(url: string): Endpoint {
  return { url, headers: async () => ({}) };
}
