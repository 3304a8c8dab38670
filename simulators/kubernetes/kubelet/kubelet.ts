import { answerOf } from '../../container-answer.ts';
import type { SimulatedRequest, SimulatedResponse } from '../../edge/host.ts';
import { type JsonObject, objectsAt, textAt } from '../../json.ts';
import { uidOf } from '../object.ts';
import { type ContainerLife, isRunning } from './container-life.ts';
import { logOf } from './container-log.ts';
import { type KubeletHost, type Pace, usualPace } from './host.ts';
import type { PullTrouble } from './image-pull.ts';
import { PodLife } from './pod-life.ts';
import { withPublicImages } from './public-images.ts';
import { openReach, type Reach } from './reach.ts';

/** Runs the pods of all nodes as their images' labels say, on a simulated API server or on a real one. */
export class Kubelet {
  /** What registries answer instead of images; a test adds to it. */
  readonly troubles: PullTrouble[] = [];
  readonly #host: KubeletHost;
  readonly #pace: Pace;
  readonly #lives = new Map<string, PodLife>();
  readonly #reach: Reach;
  #address = 1;

  constructor(host: KubeletHost, pace: Partial<Pace> = {}) {
    this.#host = { ...host, images: withPublicImages(host.images) };
    this.#reach = openReach({ objects: host.objects, answer: (ip, port, request) => this.answer(ip, port, request) });
    this.#pace = { ...usualPace, ...pace };
  }

  /** A pod was bound to a node, or changed since. */
  observe(pod: JsonObject): void {
    const known = this.#lives.get(uidOf(pod));
    if (known) return void known.observe(pod);
    if (textAt(pod, 'spec', 'nodeName') === '' || ['Failed', 'Succeeded'].includes(textAt(pod, 'status', 'phase')))
      return;
    const home = {
      host: this.#host,
      pace: this.#pace,
      troubles: this.troubles,
      nextAddress: () => this.#nextAddress(),
      reach: this.#reach,
    };
    this.#lives.set(uidOf(pod), new PodLife(home, pod));
    if (textAt(pod, 'metadata', 'deletionTimestamp') !== '') this.#lives.get(uidOf(pod))!.observe(pod);
  }

  forget(pod: JsonObject): void {
    this.#lives.get(uidOf(pod))?.forget();
    this.#lives.delete(uidOf(pod));
  }

  /** The node is short of memory. */
  evict(pod: JsonObject): void {
    this.#lives
      .get(uidOf(pod))
      ?.end(
        'Evicted',
        'The node was low on resource: memory. Threshold quantity: 100Mi, available: 52416Ki. Container web was using 1024Mi, request is 0, has larger consumption of memory.',
      );
  }

  /** What the pod at this address answers; null: the connection is refused. */
  answer(ip: string, port: number, request: SimulatedRequest): SimulatedResponse | null {
    const found = this.#findListener(ip, port);
    if (!found) return null;
    const { container, behaviour, uptimeMs } = found;
    container.requests += 1;
    return answerOf(behaviour, { request, uptimeMs, requestNumber: container.requests });
  }

  /** False: a connection to this address is refused. */
  listens(ip: string, port: number): boolean {
    return this.#findListener(ip, port) !== null;
  }

  /** @throws ApiError 400 where the container has none */
  log(pod: JsonObject, query: URLSearchParams): string {
    const life = this.#lives.get(uidOf(pod));
    return logOf({ pod, containers: life?.containers ?? [], query });
  }

  #findListener(ip: string, port: number) {
    const life = [...this.#lives.values()].find((one) => one.ip === ip);
    const container = life && findListener(life.containers, port);
    if (container?.state.kind !== 'running' || !container.image) return null;
    const { behaviour } = container.image;
    const uptimeMs = this.#host.now() - container.state.startedAt;
    return uptimeMs < behaviour.readyAfterMs ? null : { container, behaviour, uptimeMs };
  }

  #nextAddress(): string {
    this.#address += 1;
    return `10.244.${Math.floor(this.#address / 250)}.${(this.#address % 250) + 1}`;
  }
}

/** The container that names the port; where none names any, the first. */
function findListener(containers: readonly ContainerLife[], port: number): ContainerLife | undefined {
  const living = containers.filter(({ role }) => role !== 'init').filter(isRunning);
  const names = living.find(({ spec }) => objectsAt(spec, 'ports').some(({ containerPort }) => containerPort === port));
  if (names) return names;
  const silent = living.filter(({ role, spec }) => role === 'main' && objectsAt(spec, 'ports').length === 0);
  return silent[0];
}
