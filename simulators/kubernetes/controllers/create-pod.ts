import type { JsonObject } from '../../json.ts';
import { ApiError } from '../api/api-error.ts';
import { create } from '../edit.ts';
import { record } from '../events.ts';
import { nameOf } from '../object.ts';
import { PODS } from '../resources.ts';
import type { ClusterWorld } from '../world.ts';
import { podFrom } from './pods-of.ts';

/** A pod of `owner` with a generated name, and the event that controller `by` writes. Returns why it was refused; null: it wasn't. */
export function createPod(
  world: ClusterWorld,
  owner: JsonObject,
  { template, by }: { readonly template: JsonObject; readonly by: string },
): string | null {
  try {
    const pod = create(world, PODS, podFrom(owner, template, { generateName: `${nameOf(owner)}-` }));
    record(world, owner, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${nameOf(pod)}`, by });
    return null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const message = `Error creating: ${error.message}`;
    record(world, owner, { type: 'Warning', reason: 'FailedCreate', message, by });
    return error.message;
  }
}
