import type { JsonObject } from '../../simulators/json.ts';
import type { World } from '../../simulators/world.ts';

/** One call to the Cloud Run Admin API, as its host got it and answered it: in JSON, whichever way it came. */
export interface GoogleExchange {
  /** `GetService` */
  readonly operation: string;
  readonly request: JsonObject;
  readonly status: number;
  readonly answer: JsonObject;
}

/** Appends every exchange with the Cloud Run Admin API from now on. */
export function recordGoogleExchanges({ edge }: World, into: GoogleExchange[]): void {
  edge.onExchange(({ operation, request, answer }) => {
    const [api, name = ''] = operation.split(':');
    if (api !== 'run') return;
    into.push({
      operation: name,
      request: parse(request.body),
      status: answer.status,
      answer: parse(answer.body ?? ''),
    });
  });
}

function parse(body: string | Buffer): JsonObject {
  return JSON.parse(String(body) || '{}') as JsonObject;
}
