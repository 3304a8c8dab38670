import type { IncomingHttpHeaders } from 'node:http';
import type { AddressGuard } from '../../io/address-guard.ts';
import type { ConnectionOptions } from '../../model/endpoint.ts';
import type { BodyStart } from './read-start.ts';

/** One request of a smoke test, ready to be sent. */
export interface OutgoingRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
  readonly timeoutMs: number;
  /** null: as anyone connects. */
  readonly connection: ConnectionOptions | null;
  /** Which addresses may be called. */
  readonly guard: AddressGuard;
  readonly signal: AbortSignal;
}

export interface IncomingResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** How long it took, where whoever sent it measured that; null: the caller's clock tells. */
  readonly tookMs: number | null;
  /** Not after `discard`. `isEnough`: no more of it has to be read. */
  readBody(timeoutMs: number, isEnough: (read: string) => boolean): Promise<BodyStart>;
  discard(): void;
}

/** Errors: DeployError, or the signal's reason. */
export type SendRequest = (request: OutgoingRequest) => Promise<IncomingResponse>;
