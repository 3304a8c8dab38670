import type { JsonObject } from '../../json.ts';
import type { GoogleWorld } from '../world.ts';
import { type Service, type Staging, usualStaging } from './state.ts';

export interface NewService {
  readonly id: string;
  readonly config: JsonObject;
  readonly creator: string;
  readonly isPublic?: boolean;
  readonly staging?: Partial<Staging>;
}

/** A service that has no revision yet. */
export function createServiceState(world: GoogleWorld, options: NewService): Service {
  const { id, config, creator } = options;
  const { now } = world.queue;
  return {
    ...{
      id,
      uid: `10000000-0000-4000-8000-${String(world.nextNumber()).padStart(12, '0')}`,
      creator,
      createdAt: now,
      updatedAt: now,
      lastModifier: creator,
    },
    config: { ingress: 'INGRESS_TRAFFIC_ALL', launchStage: 'GA', ...config },
    ...{ generation: 0, observedGeneration: 0, settledGeneration: 0, templateGeneration: 0, etag: '' },
    ...{ revisions: [], latestCreated: null, latestReady: null, routes: [] },
    ...{ configurationTrouble: null, routeTrouble: null, transitionAt: now },
    isPublic: options.isPublic ?? false,
    staging: { ...usualStaging, ...options.staging },
    ...{ before: null, credit: new Map(), served: [] },
  };
}
