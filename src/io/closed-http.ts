import http from 'node:http';
import https from 'node:https';
import type { Http } from './http.ts';

/** Sends nothing: every request fails with `failure`. */
export function closedHttp(failure: unknown): Http {
  const refuse = (): never => {
    throw failure;
  };
  const httpAgent = new http.Agent();
  const httpsAgent = new https.Agent();
  httpAgent.createConnection = refuse;
  httpsAgent.createConnection = refuse;
  return {
    ...{ httpAgent, httpsAgent, openEarly: () => {}, close: () => {} },
    ...{ send: async () => refuse(), connect: async () => refuse() },
  };
}
