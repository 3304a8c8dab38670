/** How many replicas the service has: its traffic is split by how many of them are new. */
export const REPLICAS = 5;

export interface Service {
  readonly spec: string;
  /** A rollout under way; `movedAt`: when its replicas changed, in milliseconds since 1970. */
  readonly next: { readonly spec: string; readonly replicas: number; readonly movedAt: number } | null;
}

/** A platform with one service, in memory. */
export class Cluster {
  service: Service | null;
  readonly history: string[];
  readonly calls: string[] = [];

  constructor(spec: string | null) {
    this.service = spec === null ? null : { spec, next: null };
    this.history = spec === null ? [] : [spec];
  }

  change(call: string, service: Service | null): void {
    this.calls.push(call);
    this.service = service;
    if (service?.next && !this.history.includes(service.next.spec)) this.history.push(service.next.spec);
  }
}
