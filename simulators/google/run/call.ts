import type { JsonObject } from '../../json.ts';
import type { Principal } from '../access.ts';
import type { GoogleWorld } from '../world.ts';

/** One call. */
export interface RunCall {
  readonly world: GoogleWorld;
  readonly principal: Principal;
  /** What the path names, without its verb: `projects/p/locations/l/services/s`. */
  readonly name: string;
  readonly query: URLSearchParams;
  readonly body: JsonObject;
}

export interface Later {
  /** When to look again; nothing changes before. */
  readonly at: number;
  readonly look: () => JsonObject | Later;
}
