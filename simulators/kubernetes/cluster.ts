import type { ImageSource } from '../behaviour.ts';
import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../edge/host.ts';
import { EventQueue } from '../event-queue.ts';
import { Access } from './access.ts';
import { createApiHost } from './api/api-host.ts';
import { findObject } from './api/read-calls.ts';
import { daemonSetController } from './controllers/daemon-set.ts';
import { deploymentController } from './controllers/deployment.ts';
import { endpointSliceController } from './controllers/endpoint-slices.ts';
import { garbageCollector, namespaceController, quotaController } from './controllers/housekeeping.ts';
import { jobController } from './controllers/job.ts';
import { kubeletController, openKubelet } from './controllers/kubelets.ts';
import { replicaSetController } from './controllers/replica-set.ts';
import { startControllers } from './controllers/runtime.ts';
import { schedulerController } from './controllers/scheduler.ts';
import { statefulSetController } from './controllers/stateful-set.ts';
import type { Kubelet } from './kubelet/kubelet.ts';
import { NODES } from './resources.ts';
import { Store } from './store.ts';
import { createApiProxy } from './traffic/api-proxy.ts';
import { createFront, type ServicePort } from './traffic/front.ts';
import type { AdmissionRule, ClusterWorld } from './world.ts';

export interface ClusterOptions {
  readonly clock: TimeSource;
  readonly images: ImageSource;
  /** Of the API server. */
  readonly hostname?: string;
}

export const API_HOST = 'api.shop-cluster.example';

/** One simulated cluster: an API server, its controllers, and what runs on its nodes. Its state is a function of the clock's time. */
export class KubernetesCluster {
  /** The API server, and the load balancer in front of the cluster. */
  readonly hosts: readonly SimulatedHost[];
  /** `https://api.shop-cluster.example` */
  readonly server: string;
  readonly access: Access;
  readonly kubelet: Kubelet;
  /** Webhooks and policies; a test adds to them. */
  readonly admission: AdmissionRule[] = [];
  /** Host names in front of the cluster; a test adds to them. */
  readonly addresses = new Map<string, ServicePort & { readonly lagMs?: number }>();
  readonly store = new Store();
  readonly #world: ClusterWorld;
  readonly #clock: TimeSource;

  constructor({ clock, images, hostname = API_HOST }: ClusterOptions) {
    this.#clock = clock;
    this.server = `https://${hostname}`;
    let last = 0;
    const world: ClusterWorld = {
      ...{ queue: new EventQueue(clock.now()), store: this.store, images, admission: this.admission },
      nextNumber: () => ++last,
    };
    this.#world = world;
    this.access = new Access(this.store);
    this.kubelet = openKubelet(world);
    startControllers(world, [
      ...[deploymentController(world), replicaSetController(world)],
      ...[statefulSetController(world), daemonSetController(world), jobController(world)],
      ...[schedulerController(world), kubeletController(world, this.kubelet), endpointSliceController(world)],
      ...[garbageCollector(world), namespaceController(world), quotaController(world)],
    ]);
    addNodes(world);
    const answer = (ip: string, port: number, request: SimulatedRequest): SimulatedResponse | null =>
      this.kubelet.answer(ip, port, request);
    this.hosts = [
      createApiHost({
        ...{ world, access: this.access, clock },
        serves: (name) => name === hostname,
        readLog: (call) => this.kubelet.log(findObject(world, call), call.query),
        proxy: createApiProxy(answer),
      }),
      createFront(
        { objects: this.store, answer, advance: () => this.advance(), now: () => world.queue.now },
        this.addresses,
      ),
    ];
  }

  /** Lets everything happen that is due. */
  advance(): void {
    this.#world.queue.advanceTo(this.#clock.now());
  }

  /** When something happens by itself next; null: nothing will. */
  get nextAt(): number | null {
    return this.#world.queue.nextAt;
  }

  /** A request straight to the API server: no call of the action's. */
  async request(request: SimulatedRequest): Promise<SimulatedResponse> {
    return await this.hosts[0]!.handle(request);
  }
}

const ROOM = { cpu: '8', memory: '32Gi', pods: '110' };

/** Two machines of the usual architecture. */
function addNodes({ store }: ClusterWorld): void {
  ['node-a', 'node-b'].forEach((name, index) => {
    const labels = { 'kubernetes.io/arch': 'amd64', 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' };
    store.put(NODES, {
      ...{
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name, uid: `50000000-0000-4000-8000-00000000000${index}`, labels },
        spec: {},
      },
      status: {
        ...{ allocatable: ROOM, capacity: ROOM },
        addresses: [{ type: 'InternalIP', address: `10.0.0.${index + 1}` }],
        conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }],
        nodeInfo: { architecture: 'amd64', operatingSystem: 'linux', kubeletVersion: 'v1.37.2' },
      },
    });
  });
}
