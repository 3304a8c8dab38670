import type { Io } from '../../io/io.ts';

/** For every SDK client. The clients are made where they are used, so that each SDK is loaded only where it is needed. */
export function clientSettings(region: string, io: Io) {
  return {
    region,
    maxAttempts: 5,
    requestHandler: {
      // The SDK ignores HTTPS_PROXY; these agents do not.
      httpAgent: io.http.httpAgent,
      httpsAgent: io.http.httpsAgent,
      // By default there is no time-out at all: one unanswered request blocked the process without end. Without the second
      // setting, a request that takes too long is only warned about. Connecting is limited by the agents.
      requestTimeout: 15_000,
      throwOnRequestTimeout: true,
    },
  };
}
