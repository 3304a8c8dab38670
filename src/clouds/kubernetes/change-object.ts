import type { JsonObject } from '../../model/json.ts';
import { type ApiAnswer, ApiRefusal, type Query } from './api.ts';
import type { ClusterWorkload } from './cluster-workload.ts';
import type { PatchOperation } from './json-patch.ts';
import { MANAGER } from './rollout-annotation.ts';

/** A change of a workload of ours. `path`: of another object that belongs to the rollout. @throws DeployError */
export function patchObject(
  { api, path }: Pick<ClusterWorkload, 'api' | 'path'>,
  operations: readonly PatchOperation[],
  query: Query = {},
): Promise<ApiAnswer> {
  return api.change({
    ...{ method: 'PATCH', path, kind: 'json-patch', body: operations },
    query: { fieldManager: MANAGER, fieldValidation: 'Strict', ...query },
  });
}

/** What such a change would lead to. It changes nothing, and is repeated as a read is. */
export function tryPatch(
  run: Pick<ClusterWorkload, 'api' | 'path'>,
  operations: readonly PatchOperation[],
): Promise<ApiAnswer> {
  return patchObject(run, operations, { dryRun: 'All' });
}

/**
 * The object has changed since it was read. A `test` that fails answers 422 without a cause; what validation refuses names
 * the field.
 */
export function isChangedMeanwhile(error: unknown): boolean {
  if (!(error instanceof ApiRefusal)) return false;
  if (error.status === 409) return error.reason === 'Conflict' && error.causes.length === 0;
  return error.status === 422 && error.causes.length === 0 && /error in our request/.test(error.message);
}

/** Refuses the request where the object is not the one that was read. */
export function ifSame(object: JsonObject, ...members: readonly ('uid' | 'generation' | 'resourceVersion')[]) {
  const metadata = (object['metadata'] ?? {}) as JsonObject;
  return members.map((name): PatchOperation => ({ op: 'test', path: `/metadata/${name}`, value: metadata[name] }));
}
