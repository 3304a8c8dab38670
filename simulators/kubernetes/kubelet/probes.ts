import type { Behaviour } from '../../behaviour.ts';
import { answerOf } from '../../container-answer.ts';
import { isObject, type JsonObject, objectAt, textAt } from '../../json.ts';

export interface Probe {
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly failures: number;
  readonly successes: number;
  /** What it says of a container that has run for so long. `why`: what an event says. */
  readonly look: (behaviour: Behaviour, uptimeMs: number) => { readonly ok: boolean; readonly why: string };
}

/** null: the container has none. */
export function readProbe(
  container: JsonObject,
  name: 'readinessProbe' | 'livenessProbe' | 'startupProbe',
): Probe | null {
  const probe = container[name];
  if (!isObject(probe)) return null;
  const number = (member: string, otherwise: number): number => Number(probe[member] ?? otherwise);
  const path = isObject(probe['httpGet']) ? textAt(probe, 'httpGet', 'path') || '/' : null;
  const port = String(objectAt(probe, 'httpGet')['port'] ?? objectAt(probe, 'tcpSocket')['port'] ?? '');
  return {
    initialDelayMs: number('initialDelaySeconds', 0) * 1_000,
    periodMs: number('periodSeconds', 10) * 1_000,
    failures: number('failureThreshold', 3),
    successes: number('successThreshold', 1),
    look: (behaviour, uptimeMs) => look(behaviour, { uptimeMs, path, port }),
  };
}

function look(
  behaviour: Behaviour,
  { uptimeMs, path, port }: { readonly uptimeMs: number; readonly path: string | null; readonly port: string },
) {
  const url = new URL(path ?? '/', 'http://container');
  const request = { method: 'GET', url, headers: { 'user-agent': 'kube-probe/1.37' }, body: Buffer.alloc(0) };
  const answer = answerOf(behaviour, { request, uptimeMs, requestNumber: null });
  if (!answer)
    return {
      ok: false,
      why:
        path === null
          ? `dial tcp :${port}: connect: connection refused`
          : `Get "http://container:${port}${path}": dial tcp: connect: connection refused`,
    };
  const ok = path === null || (answer.status >= 200 && answer.status < 400);
  return { ok, why: `HTTP probe failed with statuscode: ${answer.status}` };
}

/** When the next probe comes that may see something else than the last; null: never. Times since the container's start. */
export function nextLook({ initialDelayMs, periodMs }: Probe, behaviour: Behaviour, afterMs: number): number | null {
  const turns = [behaviour.readyAfterMs, behaviour.unhealthyAfterMs ?? 0].filter((turn) => turn > afterMs);
  if (turns.length === 0) return null;
  const ticks = Math.max(0, Math.ceil((Math.min(...turns) - initialDelayMs) / periodMs));
  return Math.max(initialDelayMs + ticks * periodMs, afterMs + 1);
}
