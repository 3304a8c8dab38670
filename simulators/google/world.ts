import type { ImageSource } from '../behaviour.ts';
import type { EventQueue } from '../event-queue.ts';
import type { Access } from './access.ts';
import type { Operation, Service } from './run/state.ts';

/** Everything that one simulated project holds in one region. */
export interface GoogleWorld {
  readonly project: string;
  readonly projectNumber: string;
  readonly region: string;
  readonly images: ImageSource;
  readonly queue: EventQueue;
  readonly access: Access;
  readonly services: Service[];
  readonly operations: Map<string, Operation>;
  /** Secrets that the services' own account can't read: `openai-api-key`. */
  readonly deniedSecrets: Set<string>;
  /** Images that Cloud Run's service agent may not pull; matched by prefix. */
  readonly deniedImages: Set<string>;
  /** Makes names and etags that differ from all before. */
  nextNumber(): number;
}

export function locationOf({ project, region }: GoogleWorld): string {
  return `projects/${project}/locations/${region}`;
}

/** The account that Cloud Run pulls images with: https://cloud.google.com/run/docs/securing/service-agents */
export function serviceAgentOf({ projectNumber }: GoogleWorld): string {
  return `service-${projectNumber}@serverless-robot-prod.iam.gserviceaccount.com`;
}

/** What a service runs as unless its template says otherwise. */
export function defaultServiceAccountOf({ projectNumber }: GoogleWorld): string {
  return `${projectNumber}-compute@developer.gserviceaccount.com`;
}
