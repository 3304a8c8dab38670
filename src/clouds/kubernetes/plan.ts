import { ensureEdit } from '../../model/change.ts';
import { compareSizes } from '../../model/instance-size.ts';
import { type JsonObject, listAt, textAt } from '../../model/json.ts';
import type { Platform } from '../../model/platform.ts';
import type { Change, ChangePlan } from '../../model/workload.ts';
import { sizeOfContainers } from '../size-of-containers.ts';
import { chooseBase } from './choose-base.ts';
import { type ClusterWorkload, readObject } from './cluster-workload.ts';
import { editTemplate, listWarnings } from './edit-template.ts';
import { ensureDeployable, isEmpty } from './ensure-deployable.ts';
import { type ExpectedTemplate, expectTemplate, isAsExpected } from './expected-template.ts';
import type { PatchOperation } from './json-patch.ts';
import { ensurePermitted } from './permissions.ts';
import { readStatus } from './rollout-status.ts';
import { listDifferences } from './template-differences.ts';
import { hashTemplate, templateOf } from './template-hash.ts';
import { templateOperations, wholeTemplate } from './template-patch.ts';
import { tryPod } from './try-pod.ts';

/** The change compared with what the workload is now; the API server's own dry run says what it would make of it. */
export async function planChange(run: ClusterWorkload, change: Change): Promise<ChangePlan> {
  const { object, base, edited, serving, expected } = await makeEdit(run, change);
  const isEqual = isUnchanged(templateOf(object), edited, expected);
  const { isComplete } = readStatus(object, run.kind);
  // So that a plan is red where a deploy would be, which waits first where another rollout takes the room.
  if (!isEqual && isComplete) await tryPod(run, object, expected?.template ?? edited);
  return {
    unchanged: isEqual && (isComplete || (run.allowsEmpty && isEmpty(run, object))),
    differences: isEqual ? [] : listDifferences(serving, edited),
    warnings: listWarnings(base, edited),
    size: compareSizes(sizeOf(serving), sizeOf(edited)),
    platform: platformOf(edited),
  };
}

/** What its containers request: that much each pod gets for sure. */
function sizeOf(template: JsonObject) {
  return sizeOfContainers(listAt(template, 'spec', 'containers'), 'requests');
}

export interface MadeEdit {
  /** As it was read. */
  readonly object: JsonObject;
  readonly base: JsonObject;
  readonly edited: JsonObject;
  readonly serving: JsonObject;
  readonly operations: readonly PatchOperation[];
  /** What the API server makes of it; null: nothing would be sent. */
  readonly expected: ExpectedTemplate | null;
}

/**
 * Reads, checks and edits; sends no change.
 * @throws DeployError UNSUPPORTED, PERMISSION_DENIED, INPUT_INVALID, DEPLOY_REJECTED
 */
export async function makeEdit(run: ClusterWorkload, change: Change): Promise<MadeEdit> {
  const edit = ensureEdit(change, run.resource);
  const object = await readObject(run);
  ensureDeployable(run, object);
  await ensurePermitted(run);
  const { template, serving } = await chooseBase(run, object, edit.base);
  const edited = editTemplate(template, edit);
  const operations = operationsFor(object, { base: template, edited });
  const expected = operations.length === 0 ? null : await expectTemplate(run, operations);
  return { object, base: template, edited, serving, operations, expected };
}

/** Where the base is the object's own template only what we edit is sent; elsewhere the whole template is. */
export function operationsFor(
  object: JsonObject,
  { base, edited }: { readonly base: JsonObject; readonly edited: JsonObject },
): readonly PatchOperation[] {
  const live = templateOf(object);
  if (hashTemplate(live) === hashTemplate(edited)) return [];
  return hashTemplate(live) === hashTemplate(base) ? templateOperations(live, edited) : wholeTemplate(edited);
}

export function isUnchanged(live: JsonObject, edited: JsonObject, expected: ExpectedTemplate | null): boolean {
  return hashTemplate(live) === hashTemplate(edited) || (expected !== null && isAsExpected(live, expected));
}

/** What its pods have to run on, where the template says so. */
function platformOf(template: JsonObject): Platform | null {
  const architecture = textAt(template, 'spec', 'nodeSelector', 'kubernetes.io/arch');
  const os = textAt(template, 'spec', 'nodeSelector', 'kubernetes.io/os') || 'linux';
  return architecture === '' ? null : { os, architecture, variant: null };
}
