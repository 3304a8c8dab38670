import type { SimulatedHost, SimulatedRequest, SimulatedResponse } from '../../edge/host.ts';
import { ENDPOINT_SLICES, SERVICES } from '../resources.ts';
import type { ObjectSource, StoreChange } from '../store.ts';
import { type Address, readyAddresses, Turns } from './endpoints.ts';
import { backendsFor } from './routes.ts';

export interface Front {
  readonly objects: ObjectSource & { onChange(listener: (change: StoreChange) => void): void };
  /** What the pod at this address answers; null: nothing listens there. */
  readonly answer: (ip: string, port: number, request: SimulatedRequest) => SimulatedResponse | null;
  /** Lets everything happen that is due. */
  readonly advance: () => void;
  now(): number;
}

/** A Service's port. */
export interface ServicePort {
  readonly namespace: string;
  readonly service: string;
  readonly port: string;
}

/** By host name: which Service of the cluster is reached there, and how far the load balancer is behind its endpoints. */
export type Addresses = ReadonlyMap<string, ServicePort & { readonly lagMs?: number }>;

/** The load balancer in front of the cluster. A route that names the host decides; else all goes to the Service itself. */
export function createFront(front: Front, addresses: Addresses): SimulatedHost {
  const turns = new Turns();
  const known = new KnownAddresses(front);
  return {
    serves: (hostname) => addresses.has(hostname),
    nameCall: ({ method, url }) => ({ operation: `workload:${method} ${url.pathname}`, mutates: false }),
    handle(request) {
      front.advance();
      const { hostname } = request.url;
      const own = addresses.get(hostname)!;
      const backends = backendsFor(front.objects, hostname);
      const backend: ServicePort | null = backends ? turns.nextWeighted(hostname, backends) : own;
      if (!backend) return plain(500, 'no backend has a weight\n');
      const address = turns.next(`${backend.namespace}/${backend.service}`, known.of(backend, own.lagMs ?? 0));
      if (!address) return plain(503, 'no healthy upstream\n');
      return front.answer(address.ip, address.port, request) ?? plain(502, 'connection refused\n');
    },
  };
}

/** Who was ready when: for load balancers that learn it late. */
class KnownAddresses {
  readonly #front: Front;
  readonly #history = new Map<string, { readonly at: number; readonly addresses: readonly Address[] }[]>();

  constructor(front: Front) {
    this.#front = front;
    front.objects.onChange(({ kind }) => {
      if (kind !== ENDPOINT_SLICES && kind !== SERVICES) return;
      for (const key of this.#history.keys()) this.#note(key);
    });
  }

  of(port: ServicePort, lagMs: number): readonly Address[] {
    if (lagMs === 0) return readyAddresses(this.#front.objects, port);
    const key = JSON.stringify([port.namespace, port.service, port.port]);
    if (!this.#history.has(key)) this.#history.set(key, []);
    if (this.#history.get(key)!.length === 0) this.#note(key);
    const history = this.#history.get(key)!;
    const then = this.#front.now() - lagMs;
    return (history.findLast(({ at }) => at <= then) ?? history[0]!).addresses;
  }

  #note(key: string): void {
    const [namespace, service, port] = JSON.parse(key) as [string, string, string];
    this.#history
      .get(key)!
      .push({ at: this.#front.now(), addresses: readyAddresses(this.#front.objects, { namespace, service, port }) });
  }
}

function plain(status: number, body: string): SimulatedResponse {
  return { status, headers: { 'content-type': 'text/plain' }, body };
}
