import { isDeepStrictEqual } from 'node:util';
import { canonical, isJsonObject, type JsonObject } from '../../model/json.ts';
import { tryPatch } from './change-object.ts';
import { type ClusterWorkload, sayOnce } from './cluster-workload.ts';
import type { PatchOperation } from './json-patch.ts';
import { hashTemplate, templateOf } from './template-hash.ts';

/** The template that the API server makes of a change: admission policies may rewrite it. */
export interface ExpectedTemplate {
  readonly template: JsonObject;
  /** The same once more; another one where a policy answers differently each time. */
  readonly again: JsonObject;
  readonly isSettled: boolean;
}

/**
 * Two dry runs of the change, which show rights, validation and policies as well.
 * @throws DeployError as `patchObject`
 */
export async function expectTemplate(
  run: ClusterWorkload,
  operations: readonly PatchOperation[],
): Promise<ExpectedTemplate> {
  const template = await dryRun(run, operations);
  const again = await dryRun(run, operations);
  const isSettled = hashTemplate(template) === hashTemplate(again);
  if (!isSettled) {
    const what = `an admission policy of the cluster changes the pod template of ${run.resource} differently each time`;
    sayOnce(run, 'warning', `${what} (a time, say): only its images tell whether it is unchanged, and whose it is.`);
  }
  return { template, again, isSettled };
}

async function dryRun(run: ClusterWorkload, operations: readonly PatchOperation[]): Promise<JsonObject> {
  const { object, warnings } = await tryPatch(run, operations);
  showWarnings(run, warnings);
  return templateOf(object);
}

/** Pod Security, for one, is told of a workload by a warning alone. */
export function showWarnings(run: ClusterWorkload, warnings: readonly string[]): void {
  for (const warning of warnings) sayOnce(run, 'warning', `The API server warns: ${warning}`);
}

/** Is `live` what the change would lead to, but for what is different in each answer? */
export function isAsExpected(live: JsonObject, { template, again, isSettled }: ExpectedTemplate): boolean {
  if (isSettled) return hashTemplate(live) === hashTemplate(template);
  return isEqualWhereSettled(live, template, again);
}

function isEqualWhereSettled(live: unknown, one: unknown, other: unknown): boolean {
  if (canonical(one) === canonical(other)) return isDeepStrictEqual(normal(live), normal(one));
  if (isJsonObject(one) && isJsonObject(other) && isJsonObject(live)) {
    const names = new Set([...Object.keys(one), ...Object.keys(other), ...Object.keys(live)]);
    return [...names].every((name) => isEqualWhereSettled(live[name], one[name], other[name]));
  }
  if (Array.isArray(one) && Array.isArray(other) && Array.isArray(live)) {
    if (one.length !== other.length) return true;
    return live.length === one.length && live.every((item, at) => isEqualWhereSettled(item, one[at], other[at]));
  }
  return true;
}

function normal(value: unknown): unknown {
  return JSON.parse(canonical(value));
}
