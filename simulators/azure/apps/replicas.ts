import { crashOf } from '../../behaviour.ts';
import { type JsonObject, objectAt, objectsAt, textAt } from '../../json.ts';
import type { AzureWorld } from '../world.ts';
import type { ContainerApp, Replica, ReplicaContainer, Revision } from './state.ts';

/** Where a replica lives, and who is told that its state has changed. */
export interface ReplicaHome {
  readonly world: AzureWorld;
  readonly app: ContainerApp;
  readonly revision: Revision;
  readonly changed: () => void;
}

/** Kubernetes' back-off before a container that ended is started again: 10 s, 20 s … 5 min. */
const FIRST_BACKOFF_MS = 10_000;
const LONGEST_BACKOFF_MS = 300_000;
/** Three health checks in a row, ten seconds apart, before a container counts as unhealthy. */
const UNHEALTHY_AFTER_MS = 30_000;

export function startReplica(home: ReplicaHome, isCold = false): Replica {
  const { world, app, revision } = home;
  const { queue, ids } = world;
  const replica: Replica = {
    name: `${revision.name}-${ids.hex(10)}-${ids.suffix(5)}`,
    createdAt: queue.now,
    containers: objectsAt(revision.template, 'containers').map((definition) => createContainer(world, definition)),
  };
  revision.replicas.push(replica);
  const startsAfterMs = isCold ? app.staging.coldStartMs : app.staging.pullMs;
  const [failures = 0, ...others] = app.staging.failingPulls;
  app.staging.failingPulls = others;
  later(home, replica, startsAfterMs, () => {
    for (const container of replica.containers) pullAndRun(home, replica, { container, failures, attempt: 1 });
  });
  return replica;
}

export function isReady({ containers }: Replica): boolean {
  return containers.length > 0 && containers.every(({ ready }) => ready);
}

function createContainer(world: AzureWorld, definition: JsonObject): ReplicaContainer {
  return {
    name: textAt(definition, 'name'),
    image: textAt(definition, 'image'),
    id: `containerd://${world.ids.hex(64)}`,
    behaviour: null,
    digest: null,
    state: 'Waiting',
    details: 'ContainerCreating',
    startedAt: null,
    ready: false,
    restartCount: 0,
    lines: [],
    requests: 0,
  };
}

interface Pull {
  readonly container: ReplicaContainer;
  /** So many attempts are limited by the registry. */
  readonly failures: number;
  /** From 1. */
  readonly attempt: number;
}

/** A pull that fails is repeated: https://kubernetes.io/docs/concepts/containers/images/#imagepullbackoff */
function pullAndRun(home: ReplicaHome, replica: Replica, { container, failures, attempt }: Pull): void {
  const pulled = attempt <= failures ? THROTTLED : pullImage(home.world, home.app, container.image);
  if (typeof pulled === 'string') {
    container.details = 'ImagePullBackOff';
    container.lines = [{ at: home.world.queue.now, text: `Failed to pull image "${container.image}": ${pulled}` }];
    home.changed();
    later(home, replica, backOffMs(attempt - 1), () =>
      pullAndRun(home, replica, { container, failures, attempt: attempt + 1 }),
    );
    return;
  }
  container.behaviour = pulled.behaviour;
  container.digest = pulled.digest;
  run(home, replica, container);
}

const THROTTLED = 'toomanyrequests: You have reached your pull rate limit';

/** `before`: how many pauses there were. */
function backOffMs(before: number): number {
  return Math.min(FIRST_BACKOFF_MS * 2 ** before, LONGEST_BACKOFF_MS);
}

/** The image, or why it can't be pulled, in the registry's words. */
export function pullImage(world: AzureWorld, app: ContainerApp, image: string) {
  const server = image.split('/')[0] ?? '';
  const registries = objectsAt(app.document, 'properties', 'configuration', 'registries');
  // Without an entry the platform pulls anonymously, and ACR refuses anonymous pulls.
  const isKnown = registries.some((registry) => textAt(registry, 'server') === server);
  if (server.endsWith('.azurecr.io') && !isKnown) return 'UNAUTHORIZED: authentication required';
  return world.images.pull(image) ?? 'MANIFEST_UNKNOWN: manifest is not known to the registry';
}

function run(home: ReplicaHome, replica: Replica, container: ReplicaContainer): void {
  const { queue } = home.world;
  const { behaviour } = container;
  if (!behaviour) return;
  container.state = 'Running';
  container.details = '';
  container.startedAt = queue.now;
  container.lines = behaviour.logs.map((text) => ({ at: queue.now, text }));
  const startedAt = queue.now;
  const ifStillOn = (then: () => void) => (): void => {
    if (container.state === 'Running' && container.startedAt === startedAt) then();
  };
  const ending = crashOf(behaviour, container.restartCount);
  if (ending) {
    later(
      home,
      replica,
      ending.afterMs,
      ifStillOn(() => crash(home, replica, container)),
    );
  }
  // In whole seconds, as the probes of the platform look once a second at first.
  const readyAfterMs = Math.ceil(behaviour.readyAfterMs / 1_000) * 1_000;
  later(
    home,
    replica,
    readyAfterMs,
    ifStillOn(() => setReady(home, container, true)),
  );
  if (behaviour.unhealthyAfterMs !== null) {
    later(
      home,
      replica,
      behaviour.unhealthyAfterMs + UNHEALTHY_AFTER_MS,
      ifStillOn(() => unhealthy(home, replica, container)),
    );
  }
  home.changed();
}

function setReady(home: ReplicaHome, container: ReplicaContainer, ready: boolean): void {
  container.ready = ready;
  home.changed();
}

function crash(home: ReplicaHome, replica: Replica, container: ReplicaContainer): void {
  const { exitCode, logs } = container.behaviour!.crash!;
  container.lines = [...container.lines, ...logs.map((text) => ({ at: home.world.queue.now, text }))];
  const reason = exitCode === 137 ? 'OOMKilled' : 'Error';
  end(home, replica, container, `Container terminated: exit code ${exitCode}, reason ${reason}`);
}

/** With a liveness probe of its own the container is started again; without, it only gets no more requests. */
function unhealthy(home: ReplicaHome, replica: Replica, container: ReplicaContainer): void {
  const definition = objectsAt(home.revision.template, 'containers').find(({ name }) => name === container.name);
  const isRestarted = objectsAt(definition, 'probes').some(
    (probe) => textAt(probe, 'type') === 'Liveness' && 'path' in objectAt(probe, 'httpGet'),
  );
  if (isRestarted) end(home, replica, container, 'Container failed liveness probe, will be restarted');
  else setReady(home, container, false);
}

function end(home: ReplicaHome, replica: Replica, container: ReplicaContainer, details: string): void {
  container.ready = false;
  container.state = 'Terminated';
  container.details = details;
  home.changed();
  later(home, replica, 1_000, () => {
    container.state = 'Waiting';
    container.details = 'CrashLoopBackOff';
    home.changed();
  });
  later(home, replica, 1_000 + backOffMs(container.restartCount), () => {
    container.restartCount += 1;
    run(home, replica, container);
  });
}

/** Nothing happens to a replica that is gone by then. */
function later({ world, revision }: ReplicaHome, replica: Replica, delayMs: number, then: () => void): void {
  const { queue } = world;
  const { generation } = revision;
  queue.add(queue.now + delayMs, () => {
    if (revision.generation === generation && revision.replicas.includes(replica)) then();
  });
}
