import { type JsonObject, textAt } from '../../../model/json.ts';
import type { ChangeMark, Restoration } from '../../../model/restore-point.ts';
import type { Change, Workload } from '../../../model/workload.ts';
import type { ClusterWorkload } from '../cluster-workload.ts';
import type { RollingPrepared } from '../deploy.ts';
import { corePath, listPath } from '../workload-kind.ts';
import type { SplitSettings } from './inputs.ts';
import { COPY_LABEL, copyLabel, copyName } from './names.ts';

/** The Deployment as a workload that rolls out by itself. */
export interface RollingWorkload extends Workload {
  prepare(change: Change): Promise<RollingPrepared>;
}

/** A Deployment, and what is made beside it for a rollout that splits the traffic. */
export interface SplitWorkload {
  readonly run: ClusterWorkload;
  readonly rolling: RollingWorkload;
  readonly settings: SplitSettings;
  /** The second Deployment, and the Service of the same name where a route splits the traffic. */
  readonly copy: {
    readonly name: string;
    readonly label: string;
    readonly path: string;
    readonly servicePath: string;
  };
  /** Since when something is so, in milliseconds since 1970, as far as this process saw it. */
  readonly seen: Map<string, number>;
  /** What this process has prepared. */
  readonly prepared: Map<ChangeMark, RollingPrepared>;
  /** How the restoration of the Deployment itself ended, by the run whose rollout it was. */
  readonly settled: Map<string, Restoration>;
}

export function openSplitWorkload(
  run: ClusterWorkload,
  rolling: RollingWorkload,
  settings: SplitSettings,
): SplitWorkload {
  const name = copyName(run.name);
  const path = `${listPath('deployments', run.namespace)}/${encodeURIComponent(name)}`;
  const copy = { name, label: copyLabel(run.name), path, servicePath: servicePath(run, name) };
  return { run, rolling, settings, copy, seen: new Map(), prepared: new Map(), settled: new Map() };
}

export function servicePath({ namespace }: Pick<ClusterWorkload, 'namespace'>, name: string): string {
  return `${corePath('services', namespace)}/${encodeURIComponent(name)}`;
}

/** For how long this process has seen something hold, in milliseconds; 0 where it doesn't, and when it begins to. */
export function heldMs({ seen, run }: SplitWorkload, what: string, holds: boolean): number {
  if (!holds) {
    seen.delete(what);
    return 0;
  }
  const now = run.io.clock.now();
  const since = seen.get(what) ?? now;
  seen.set(what, since);
  return now - since;
}

/** The second Deployment, where we made it; null: there is none, or another user's has its name. */
export async function findOwnCopy({ run, copy }: SplitWorkload): Promise<JsonObject | null> {
  const found = await run.api.find(copy.path);
  return found && isOwn(found, copy.label) ? found : null;
}

/** Did we make this object beside the Deployment? */
export function isOwn(object: JsonObject, label: string): boolean {
  return textAt(object, 'metadata', 'labels', COPY_LABEL) === label;
}
