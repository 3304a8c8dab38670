import type { ImageSource } from '../behaviour.ts';
import type { EventQueue } from '../event-queue.ts';
import type { JsonObject } from '../json.ts';
import type { ApiError } from './api/api-error.ts';
import { toTime } from './object.ts';
import type { ResourceKind } from './resources.ts';
import type { Store } from './store.ts';

/** A webhook or policy of the cluster. */
export interface AdmissionRule {
  /** Of kinds: `Deployment`, `Pod`. */
  readonly kind: string;
  /** The object as it shall be stored; an ApiError refuses it. */
  readonly review: (object: JsonObject) => JsonObject | ApiError;
}

/** Everything that one simulated cluster holds. */
export interface ClusterWorld {
  readonly queue: EventQueue;
  readonly store: Store;
  readonly images: ImageSource;
  readonly admission: AdmissionRule[];
  /** Makes names and addresses that differ from all before. */
  nextNumber(): number;
}

export function timeOf({ queue }: ClusterWorld): string {
  return toTime(queue.now);
}

/** Who changes an object, and which part of it. */
export interface Writing {
  /** As in `managedFields`. */
  readonly manager: string;
  /** '' for the object itself. */
  readonly subresource: string;
}

export interface WriteTarget {
  readonly kind: ResourceKind;
  readonly dryRun: boolean;
  readonly writing: Writing;
  /** Texts for `Warning` headers are added here. */
  readonly warnings: string[];
}
