import type { Io } from '../../../io/io.ts';
import type { JsonObject } from '../../../model/json.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import type { GoogleCredentials } from '../credentials.ts';

/** Where a service is. */
export interface RunPlace {
  readonly project: string;
  readonly region: string;
  readonly service: string;
}

/** One service, and what a request to it needs. */
export interface RunService extends RunPlace {
  /** For people: `service agent in europe-west1 (project acme)`. */
  readonly resource: string;
  readonly credentials: GoogleCredentials;
  readonly io: Io;
  /** Ends reads and waits when it is aborted. */
  readonly signal: AbortSignal;
  /** What was already said once. */
  readonly said: Set<string>;
  /**
   * What this process saw last. `operation`: name of the one that it started; '': none. `generation`: of the service, when it
   * was found free or busy; null: it was not looked at.
   */
  readonly last: { operation: string; generation: number | null };
  /** Templates as this process captured them, by the hash of their content: they need not be read for a rollback. */
  readonly captured: Map<string, JsonObject>;
  /** Names of the revisions that this process had made, by the mark of the change. */
  readonly made: Map<string, string>;
  /** What this process did for each run, by its id: see `deedsOf`. */
  readonly done: Map<string, Set<Deed>>;
}

/** `projects/acme/locations/europe-west1/services/agent` */
export function serviceName({ project, region, service }: RunPlace): string {
  return `projects/${project}/locations/${region}/services/${service}`;
}

/** Says it the first time. */
export function sayOnce(run: RunService, level: 'info' | 'warning', message: string): void {
  if (!run.said.has(message)) run.io.log[level](message);
  run.said.add(message);
}

type Deed = 'sent' | 'sent without answer' | 'restoring' | 'fenced';

/**
 * What this process did for the run of `point`. It spares requests, and tells who restored; what isn't here, another process
 * may have done.
 */
export function deedsOf({ done }: RunService, { run }: RestorePoint): Set<Deed> {
  const id = run?.id ?? '';
  const deeds = done.get(id) ?? new Set();
  done.set(id, deeds);
  return deeds;
}
