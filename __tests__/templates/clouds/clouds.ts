import type { World } from '../../../simulators/world.ts';
import type { Outside } from '../stand-ins/outside.ts';

/** A live service, as a visitor and its owner see it. */
export interface LiveService {
  /** Everything that a user configures and that serves, without audit fields. */
  snapshot(): unknown;
  /** Answer of its first page: `v1`. */
  version(): Promise<string>;
}

export interface Clouds {
  readonly outside: Outside;
  /** What the owner of this world writes into the lines that are marked TODO. None equals what the template has there. */
  readonly values: Readonly<Record<string, string>>;
  readonly staging: readonly LiveService[];
  readonly production: readonly LiveService[];
  /** Whose network a job of this environment is in; null: a job without one. */
  worldOf(environment: string | null): World;
  /** Where a job of this environment that may write `id-token` gets its token from. */
  oidcOf(environment: string): Readonly<Record<string, string>>;
}
