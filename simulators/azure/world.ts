import type { ImageSource } from '../behaviour.ts';
import type { EventQueue } from '../event-queue.ts';
import type { ManagedCluster } from '../managed-cluster.ts';
import type { AzureAccess } from './access.ts';
import type { ArmRegistry } from './acr/state.ts';
import type { ContainerApp, Environment } from './apps/state.ts';
import type { Identifiers } from './identifiers.ts';
import type { Operations } from './operations.ts';

/** Everything that one simulated tenant with one subscription holds. */
export interface AzureWorld {
  readonly tenant: string;
  readonly subscription: string;
  readonly subscriptionName: string;
  readonly location: string;
  readonly queue: EventQueue;
  readonly ids: Identifiers;
  readonly images: ImageSource;
  readonly access: AzureAccess;
  readonly operations: Operations;
  readonly environments: Environment[];
  readonly apps: ContainerApp[];
  readonly registries: ArmRegistry[];
  readonly managedClusters: Map<string, ManagedCluster>;
  readonly resourceGroups: Set<string>;
}
