import type { Io } from '../../io/io.ts';
import type { JsonObject } from '../../model/json.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { KubernetesApi } from './api.ts';
import type { WorkloadKind } from './workload-kind.ts';

/** One workload of a cluster, and what a request to it needs. */
export interface ClusterWorkload {
  readonly kind: WorkloadKind;
  readonly name: string;
  readonly namespace: string;
  /** `/apis/apps/v1/namespaces/shop/deployments/web` */
  readonly path: string;
  /** For people: `deployment web in namespace shop, cluster production`. */
  readonly resource: string;
  readonly api: KubernetesApi;
  readonly io: Io;
  /** Ends reads and waits when it is aborted. */
  readonly signal: AbortSignal;
  /** A workload without pods may be deployed to (`allow-empty`). */
  readonly allowsEmpty: boolean;
  /** What was already said once. */
  readonly said: Set<string>;
  /** What this process did for each run, by its id: see `deedsOf`. */
  readonly done: Map<string, Set<Deed>>;
}

/** As it is now. @throws DeployError NOT_FOUND, … */
export function readObject({ api, path }: ClusterWorkload): Promise<JsonObject> {
  return api.read(path);
}

/** Says it the first time. */
export function sayOnce(run: ClusterWorkload, level: 'info' | 'warning', message: string): void {
  if (!run.said.has(message)) run.io.log[level](message);
  run.said.add(message);
}

type Deed = 'sent' | 'sent without answer' | 'restoring' | 'fenced';

/**
 * What this process did for the run of `point`. It spares requests, and tells who restored; what isn't here, another process
 * may have done.
 */
export function deedsOf({ done }: Pick<ClusterWorkload, 'done'>, { run }: RestorePoint): Set<Deed> {
  const id = run?.id ?? '';
  const deeds = done.get(id) ?? new Set();
  done.set(id, deeds);
  return deeds;
}
