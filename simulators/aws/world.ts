import type { ImageSource } from '../behaviour.ts';
import type { EventQueue } from '../event-queue.ts';
import type { Service, TaskDefinition } from './ecs/state.ts';
import type { Identifiers } from './identifiers.ts';
import type { Logs } from './logs.ts';

/** Everything that one simulated account in one region holds. */
export interface AwsWorld {
  readonly account: string;
  readonly region: string;
  readonly images: ImageSource;
  readonly queue: EventQueue;
  readonly ids: Identifiers;
  readonly logs: Logs;
  readonly clusters: Set<string>;
  readonly services: Service[];
  readonly taskDefinitions: TaskDefinition[];
  /** References in the secret manager that can't be read when a task starts. */
  readonly missingSecrets: Set<string>;
}

export function arnOf(world: AwsWorld, service: string, resource: string): string {
  return `arn:aws:${service}:${world.region}:${world.account}:${resource}`;
}
