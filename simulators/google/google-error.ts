import type { SimulatedResponse } from '../edge/host.ts';
import type { JsonObject } from '../json.ts';

/** The number of google.rpc.Code and HTTP's: https://cloud.google.com/apis/design/errors#error_codes */
const CODES = {
  INVALID_ARGUMENT: { rpc: 3, http: 400 },
  NOT_FOUND: { rpc: 5, http: 404 },
  ALREADY_EXISTS: { rpc: 6, http: 409 },
  PERMISSION_DENIED: { rpc: 7, http: 403 },
  FAILED_PRECONDITION: { rpc: 9, http: 400 },
  ABORTED: { rpc: 10, http: 409 },
  UNIMPLEMENTED: { rpc: 12, http: 501 },
  INTERNAL: { rpc: 13, http: 500 },
  UNAVAILABLE: { rpc: 14, http: 503 },
  UNAUTHENTICATED: { rpc: 16, http: 401 },
} as const;

export type Status = keyof typeof CODES;

export class GoogleError extends Error {
  readonly status: Status;
  readonly details: readonly JsonObject[];

  constructor(status: Status, message: string, details: readonly JsonObject[] = []) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

/** The error document of every Google API: https://cloud.google.com/apis/design/errors#http_mapping */
export function formatError({ status, message, details }: GoogleError): SimulatedResponse {
  const { http } = CODES[status];
  const error = { code: http, message, status, ...(details.length > 0 ? { details } : {}) };
  const challenge =
    status === 'UNAUTHENTICATED' ? { 'www-authenticate': 'Bearer realm="https://accounts.google.com/"' } : {};
  return {
    status: http,
    headers: { 'content-type': 'application/json; charset=UTF-8', ...challenge },
    body: JSON.stringify({ error }, null, 2),
  };
}

/** As it stands in the error of a long-running operation. */
export function rpcCodeOf(status: Status): number {
  return CODES[status].rpc;
}
