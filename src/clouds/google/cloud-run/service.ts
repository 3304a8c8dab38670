import type { RevisionsClient } from '@google-cloud/run/build/src/v2/revisions_client.js';
import type { ServicesClient } from '@google-cloud/run/build/src/v2/services_client.js';
import type { Io } from '../../../io/io.ts';
import type { GoogleCredentials } from '../credentials.ts';

/** Where a service is. */
export interface RunPlace {
  readonly project: string;
  readonly region: string;
  readonly service: string;
}

/** One service and the way to it. */
export interface RunService extends RunPlace {
  /** For people: `service agent in europe-west1 (project acme)`. */
  readonly resource: string;
  /** Loaded when first used: the way back goes without them. */
  clients(): Promise<RunClients>;
  readonly credentials: GoogleCredentials;
  readonly io: Io;
  /** What was already said once. */
  readonly said: Set<string>;
}

/** The parts of Google's own clients that are used. */
export interface RunClients {
  readonly services: Pick<ServicesClient, 'listServicesAsync' | 'operationsClient' | 'testIamPermissions'>;
  readonly revisions: Pick<RevisionsClient, 'getRevision'>;
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
