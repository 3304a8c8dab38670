import { createHash } from 'node:crypto';
import type { Clock } from '../../../src/io/clock.ts';
import { openEndpoint } from '../../../src/model/endpoint.ts';
import { DeployError } from '../../../src/model/errors.ts';
import type { ChangeMark, Restoration } from '../../../src/model/restore-point.ts';
import { nearestShare } from '../../../src/model/traffic.ts';
import type * as model from '../../../src/model/workload.ts';
import { type Cluster, REPLICAS, type Service } from './cluster.ts';

/** The service `web`, whoever moves its traffic, and whether or not it is there yet. */
export function openReplicaWorkload(cluster: Cluster, by: 'us' | 'platform', clock: Clock): model.Workload {
  return {
    resource: 'service web',
    capabilities: {
      traffic: { by, weights: { replicas: REPLICAS } },
      preview: true,
      changes: ['edit', 'definition', 'revision'],
      remedy: null,
    },
    consoleUrl: null,
    logs: { url: null, command: 'cluster logs web' },
    isNew: cluster.service === null,
    fencesLateCalls: true,
    readiness: async () => ({ status: 'free' }),
    rollbackTarget: async () => ({ images: [], obstacles: [] }),
    async capture() {
      const spec = cluster.service?.spec ?? null;
      return { resource: 'service web', revision: spec && nameOf(spec), data: { spec } };
    },
    async plan(change) {
      const isSame = cluster.service?.spec === specOf(change, cluster);
      return { unchanged: isSame, differences: isSame ? [] : ['its definition changes'], platform: null };
    },
    async prepare(change) {
      const spec = specOf(change, cluster);
      return { mark: nameOf(spec), send: async (_point, plan) => send(cluster, { spec, plan, movedAt: clock.now() }) };
    },
    async findOperation(mark) {
      const next = cluster.service?.next;
      return next && nameOf(next.spec) === mark ? operationOf(mark, { kind: 'up' }) : null;
    },
    watch: (operation) => ({ poll: async () => observe(cluster.service, operation, { by, now: clock.now() }) }),
    traffic: openTraffic(cluster, by, clock),
    async finish(operation) {
      const { service } = cluster;
      if (service?.next) request(cluster, 'finish', { spec: service.next.spec, next: null });
      return { ...operation, goal: { kind: 'finished' } };
    },
    preview: async ({ revision }) => [1, 2].map((pod) => openEndpoint(`http://${revision}-${pod}.pods.test`)),
    diagnose: async () => ({ cause: null, hint: null, facts: [], logs: [] }),
    restore: async ({ data }, mark) => restore(cluster, data['spec'] as string | null, mark),
    isLive: async (mark) => cluster.service?.next === null && nameOf(cluster.service.spec) === mark,
    endpoint: async () => (cluster.service ? openEndpoint('http://web.test') : null),
    restoreCommand: ({ revision }) => `cluster restore web ${revision ?? '--delete'}`,
  };
}

interface Sent {
  readonly spec: string;
  readonly plan: model.RolloutPlan;
  readonly movedAt: number;
}
function send(cluster: Cluster, { spec, plan, movedAt }: Sent): model.Operation {
  const next = { spec, replicas: plan.takeTraffic ? REPLICAS : 0, movedAt };
  request(cluster, `create (${plan.shifts.length} shifts)`, { spec: cluster.service?.spec ?? '', next });
  return operationOf(nameOf(spec), { kind: 'up' });
}

function request(cluster: Cluster, call: string, service: Service | null): void {
  try {
    cluster.change(call, service);
  } catch (error) {
    throw new DeployError('NETWORK', `could not ${call}: ${(error as Error).message}`, { hint: 'Run again.' });
  }
}

function openTraffic(cluster: Cluster, by: 'us' | 'platform', clock: Clock): model.TrafficControl {
  const move = async (operation: model.Operation, { percent }: model.TrafficRequest): Promise<model.Operation> => {
    const service = cluster.service!;
    const replicas = Math.round((nearestShare(percent, { replicas: REPLICAS }).percent * REPLICAS) / 100);
    if (service.next?.replicas !== replicas)
      request(cluster, `${replicas} replicas`, {
        ...service,
        next: { ...service.next!, replicas, movedAt: clock.now() },
      });
    return { ...operation, goal: { kind: 'weight', percent } };
  };
  return by === 'us' ? { by, setWeight: move } : { by, advance: move };
}

/** A platform that moves traffic itself calls its rollout "progressing" while the pause lasts. */
function observe(
  service: Service | null,
  { revision, goal }: model.Operation,
  { by, now }: { readonly by: 'us' | 'platform'; readonly now: number },
): model.Observation {
  const next = service?.next;
  if (!next) return { status: 'succeeded', reason: 'FINISHED', message: `${revision} serves alone` };
  const percent = (100 * next.replicas) / REPLICAS;
  const share = { percent, why: `${next.replicas} of ${REPLICAS} replicas` };
  const isPausing = by === 'platform' && goal.kind === 'weight' && now > next.movedAt;
  const reading = { reason: 'READY', message: `${revision} has ${next.replicas} replicas`, share };
  return isPausing ? { status: 'progressing', ...reading } : { status: 'succeeded', ...reading };
}

function restore(cluster: Cluster, spec: string | null, mark: ChangeMark): Restoration {
  const { service } = cluster;
  const isRestored = service === null ? spec === null : service.spec === spec && service.next === null;
  if (isRestored) return { status: 'restored', by: 'us', message: 'the previous state is restored' };
  const ours = service && (service.next?.spec ?? service.spec);
  if (ours && nameOf(ours) !== mark) return { status: 'superseded', message: `${nameOf(ours)} is newer` };
  request(cluster, 'restore', spec === null ? null : { spec, next: null });
  return { status: 'progressing', requested: true, reason: 'RESTORING', message: 'requested the previous state' };
}

function specOf(change: model.Change, cluster: Cluster): string {
  if (change.kind === 'definition') return JSON.stringify(change.definition);
  if (change.kind === 'edit') return JSON.stringify(change.images.map(({ image }) => image.digest));
  return cluster.history.find((spec) => nameOf(spec) === change.revision)!;
}

function nameOf(spec: string): string {
  return `web-${createHash('sha256').update(spec).digest('hex').slice(0, 8)}`;
}

function operationOf(mark: string, goal: model.Goal): model.Operation {
  return { id: mark, mark, goal, revision: mark };
}
