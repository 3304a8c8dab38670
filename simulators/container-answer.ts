import type { Behaviour } from './behaviour.ts';
import type { SimulatedRequest, SimulatedResponse } from './edge/host.ts';

interface Visit {
  readonly request: SimulatedRequest;
  /** Since the container started. */
  readonly uptimeMs: number;
  /** Counts from 1; null for a health check. */
  readonly requestNumber: number | null;
}

/** What a running container answers; null: nothing listens there yet. */
export function answerOf(behaviour: Behaviour, visit: Visit): SimulatedResponse | null {
  if (visit.uptimeMs < behaviour.readyAfterMs) return null;
  if (behaviour.unhealthyAfterMs !== null && visit.uptimeMs >= behaviour.unhealthyAfterMs)
    return plain(503, 'unhealthy');
  const { failEvery } = behaviour;
  if (failEvery !== null && visit.requestNumber !== null && visit.requestNumber % failEvery === 0) {
    return plain(500, 'internal error');
  }
  return answerByPath(behaviour, visit.request);
}

function answerByPath(behaviour: Behaviour, request: SimulatedRequest): SimulatedResponse {
  const answer = behaviour.answers[request.url.pathname];
  if (!answer) return plain(200, behaviour.version);
  const body = answer.echo ? echo(request) : (answer.body ?? behaviour.version);
  const type = answer.echo ? 'application/json' : 'text/plain; charset=utf-8';
  return {
    status: answer.status,
    headers: { 'content-type': type, ...answer.headers },
    body,
    ...(answer.delayMs === undefined ? {} : { delayMs: answer.delayMs }),
  };
}

function echo(request: SimulatedRequest): string {
  return JSON.stringify({ method: request.method, headers: request.headers, body: request.body.toString() });
}

function plain(status: number, body: string): SimulatedResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}
