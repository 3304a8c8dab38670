import type { SimulatedHost } from '../../edge/host.ts';
import type { SimulatedRegistry } from '../../registry/registry.ts';

/** A registry as a resource of the subscription. What it holds is another simulator. */
export interface ArmRegistry {
  readonly id: string;
  readonly name: string;
  readonly resourceGroup: string;
  readonly createdAt: number;
  readonly store: SimulatedRegistry;
  /** Registries and their storage that an import can reach. */
  readonly outside: readonly SimulatedHost[];
  /** From an accepted import until the image is there. */
  importMs: number;
}
