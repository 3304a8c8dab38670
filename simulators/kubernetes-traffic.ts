import { type KubernetesStage, SHOP_HOST } from './kubernetes-stage.ts';

export interface Visit {
  /** Since the traffic began. */
  readonly atMs: number;
  readonly status: number;
  /** What is answered by default is the version that answered. */
  readonly body: string;
}

/** Requests at a steady pace to the front of the cluster, until they are stopped. */
export interface Traffic {
  readonly visits: readonly Visit[];
  readonly failed: readonly Visit[];
  /** How many requests were answered with this body, of those from `fromMs` on and before `toMs`. */
  countOf(body: string, fromMs?: number, toMs?: number): number;
  /** Since the traffic began: where the story is now. */
  now(): number;
  stop(): void;
}

/** Default: ten requests a second to `/` at the usual host. */
export function openTraffic(stage: KubernetesStage, { everyMs = 100, path = '/', hostname = SHOP_HOST } = {}): Traffic {
  const visits: Visit[] = [];
  const startedAt = stage.now();
  const stop = stage.every(everyMs, async () => {
    const atMs = stage.now() - startedAt;
    const { status, body } = await stage.ask(path, hostname);
    visits.push({ atMs, status, body });
  });
  return {
    visits,
    get failed() {
      return visits.filter(({ status }) => status >= 400);
    },
    countOf: (body, fromMs = 0, toMs = Number.POSITIVE_INFINITY) =>
      visits.filter((visit) => visit.body === body && visit.atMs >= fromMs && visit.atMs < toMs).length,
    now: () => stage.now() - startedAt,
    stop,
  };
}
