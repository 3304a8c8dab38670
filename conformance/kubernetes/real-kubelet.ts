import type { ImageSource } from '../../simulators/behaviour.ts';
import { type JsonObject, objectAt, textAt } from '../../simulators/json.ts';
import { ApiError } from '../../simulators/kubernetes/api/api-error.ts';
import { eventAbout } from '../../simulators/kubernetes/events.ts';
import { Kubelet } from '../../simulators/kubernetes/kubelet/kubelet.ts';
import { nameOf, namespaceOf, toTime, uidOf } from '../../simulators/kubernetes/object.ts';
import { PODS } from '../../simulators/kubernetes/resources.ts';
import type { Mirror } from './mirror.ts';
import { openPodNetwork } from './pod-network.ts';
import type { RealApi } from './real-api.ts';
import type { ScaledClock } from './scaled-clock.ts';

export interface RealKubelet {
  readonly kubelet: Kubelet;
  close(): Promise<void>;
}

/** The simulators' kubelet on a real API server: the same images do the same there. */
export async function openRealKubelet(
  api: RealApi,
  mirror: Mirror,
  { images, socket, time }: { readonly images: ImageSource; readonly socket: string; readonly time: ScaledClock },
): Promise<RealKubelet> {
  const timers = new Set<NodeJS.Timeout>();
  const writer = new StatusWriter(api, mirror);
  let events = 0;
  const kubelet = new Kubelet({
    now: () => time.now(),
    at(due, run) {
      const timer = setTimeout(
        () => {
          timers.delete(timer);
          run();
        },
        Math.max(0, time.toReal(due - time.now())),
      );
      timers.add(timer);
    },
    ...{ images, objects: mirror.store },
    report: (pod, make) => writer.write(pod, make),
    remove: (pod) =>
      void api
        .send(pathOf(pod), { method: 'DELETE', body: { gracePeriodSeconds: 0, preconditions: { uid: uidOf(pod) } } })
        .catch(() => {}),
    record(pod, happening) {
      events += 1;
      const namespace = namespaceOf(pod);
      const number = (Date.now() % 1_000_000_000) * 1_000 + (events % 1_000);
      const event = eventAbout(pod, happening, { namespace, number, time: toTime(time.now()) });
      const { uid: _, creationTimestamp: __, ...metadata } = objectAt(event, 'metadata');
      void api
        .send(`/api/v1/namespaces/${namespace}/events`, { method: 'POST', body: { ...event, metadata } })
        .catch(() => {});
    },
  });
  mirror.store.onChange(({ kind, before, after }) => {
    if (kind !== PODS) return;
    if (after === null || (before !== null && uidOf(before) !== uidOf(after))) kubelet.forget(before!);
    if (after !== null && textAt(after, 'spec', 'nodeName') !== '') kubelet.observe(after);
  });
  for (const pod of mirror.store.list(PODS)) if (textAt(pod, 'spec', 'nodeName') !== '') kubelet.observe(pod);
  const closeNetwork = await openPodNetwork({
    socket,
    answer(ip, port, request) {
      const answer = kubelet.answer(ip, port, request);
      return answer?.delayMs ? { ...answer, delayMs: time.toReal(answer.delayMs) } : answer;
    },
    listens: (ip, port) => kubelet.listens(ip, port),
    log: (url) => readLog(mirror, kubelet, url),
  });
  return {
    kubelet,
    async close() {
      for (const timer of timers) clearTimeout(timer);
      await closeNetwork();
    },
  };
}

/** One write for each pod at a time, the newest state each time: so none overtakes another. */
class StatusWriter {
  readonly #api: RealApi;
  readonly #mirror: Mirror;
  readonly #waiting = new Map<string, (pod: JsonObject) => JsonObject>();
  readonly #busy = new Set<string>();
  readonly #written = new Map<string, string>();

  constructor(api: RealApi, mirror: Mirror) {
    this.#api = api;
    this.#mirror = mirror;
  }

  write(pod: JsonObject, make: (pod: JsonObject) => JsonObject): void {
    this.#waiting.set(uidOf(pod), make);
    if (!this.#busy.has(uidOf(pod))) void this.#drain(pod);
  }

  async #drain(pod: JsonObject): Promise<void> {
    const uid = uidOf(pod);
    this.#busy.add(uid);
    for (let make = this.#waiting.get(uid); make; make = this.#waiting.get(uid)) {
      this.#waiting.delete(uid);
      const now = this.#mirror.store.find(PODS, namespaceOf(pod), nameOf(pod));
      if (!now || uidOf(now) !== uid) break;
      const status = ownPart(make(now));
      const text = JSON.stringify(status);
      if (this.#written.get(uid) === text) continue;
      this.#written.set(uid, text);
      await this.#api
        .send(`${pathOf(pod)}/status?fieldManager=kubelet`, { method: 'PATCH', body: { metadata: { uid }, status } })
        .catch(() => {});
    }
    this.#busy.delete(uid);
  }
}

const KUBELETS = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady'];

/** Conditions of others are theirs. */
function ownPart(status: JsonObject): JsonObject {
  const conditions = (status['conditions'] as readonly JsonObject[]).filter(({ type }) =>
    KUBELETS.includes(String(type)),
  );
  // A strategic merge leaves what it doesn't name: what is over has to be taken away.
  const cleared = conditions.map((condition) => ({ reason: null, message: null, ...condition }));
  return { ...status, conditions: cleared };
}

function readLog(mirror: Mirror, kubelet: Kubelet, url: URL): { readonly status: number; readonly text: string } {
  const [, , namespace = '', name = '', container = ''] = url.pathname.split('/');
  const pod = mirror.store.find(PODS, namespace, name);
  const query = new URLSearchParams(url.search);
  query.set('container', container);
  try {
    return pod ? { status: 200, text: kubelet.log(pod, query) } : { status: 404, text: `pod "${name}" not found` };
  } catch (error) {
    if (error instanceof ApiError) return { status: error.code, text: error.message };
    throw error;
  }
}

function pathOf(pod: JsonObject): string {
  return `/api/v1/namespaces/${namespaceOf(pod)}/pods/${nameOf(pod)}`;
}
