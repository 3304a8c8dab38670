import type { Io } from '../../../io/io.ts';
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
  /** What this process did; another one may have done what isn't here. It spares requests, and tells who restored. */
  readonly done: Set<'prepared' | 'sent without answer' | 'restoring' | 'fenced'>;
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
