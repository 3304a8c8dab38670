import { neverAborted } from '../../io/signals.ts';
import { DeployError } from '../../model/errors.ts';
import { type JsonObject, textAt } from '../../model/json.ts';
import type { ChangeMark, Restoration, RestorePoint } from '../../model/restore-point.ts';
import { MARKER_HOLDS_MS } from '../../model/rollout-marker.ts';
import { returning, waiting } from '../restoration-answers.ts';
import { ApiRefusal } from './api.ts';
import { ifSame, isChangedMeanwhile, patchObject } from './change-object.ts';
import { type ClusterWorkload, deedsOf } from './cluster-workload.ts';
import { changedMeanwhile, type Decision, decideRestoration } from './decide-restoration.ts';
import { readHistory } from './history.ts';
import type { PatchOperation } from './json-patch.ts';
import { type OwnershipRecord, ownFields, withOwnership, withoutNew } from './managed-fields.ts';
import { markerAnnotation, NO_FIELDS, withoutOurMarker } from './marking.ts';
import { readPreviousTemplate } from './previous-template.ts';
import { parseRestoreData } from './restore-data.ts';
import {
  gatherFacts,
  leftoverAnnotations,
  leftoverLimit,
  leftoverOperations,
  type Readers,
  type Restoring,
} from './restore-facts.ts';
import { CHANGE_ANNOTATION, holderOf, MANAGER, type RolloutPhase, readCopy, readMarker } from './rollout-annotation.ts';
import { hashTemplate, templateOf } from './template-hash.ts';
import { objectAnnotations, wholeTemplate } from './template-patch.ts';
import { corePath } from './workload-kind.ts';

/** See `Workload.restore`: one poll and at most one change. */
type Restore = (point: RestorePoint, mark: ChangeMark, elapsedMs: number) => Promise<Restoration>;

export function openRestore(opened: ClusterWorkload): Restore {
  // A cancel is often why a rollback is needed, so it must not end the rollback too.
  const run = { ...opened, signal: neverAborted, api: opened.api.withSignal(neverAborted) };
  const readers: Readers = new Map();
  return async (point, mark, elapsedMs) => {
    const restoring: Restoring = { point, mark, elapsedMs, data: parseRestoreData(point, run) };
    const object = await run.api.find(run.path);
    const facts = await gatherFacts(run, object, restoring, readers);
    try {
      return await act({ run, object: object ?? {}, restoring }, decideRestoration(facts));
    } catch (error) {
      if (isChangedMeanwhile(error)) return changedMeanwhile();
      throw error;
    }
  };
}

interface Poll {
  readonly run: ClusterWorkload;
  readonly object: JsonObject;
  readonly restoring: Restoring;
}

async function act(poll: Poll, decision: Decision): Promise<Restoration> {
  const { run, restoring } = poll;
  switch (decision.act) {
    case 'none':
      return decision.answer;
    case 'fence':
      await patchObject(run, [
        ...ifSame(poll.object, 'uid', 'resourceVersion'),
        ...marking(poll, { phase: 'fencing', fields: ownFields(poll.object, MANAGER) }),
      ]);
      return waiting('FENCING', 'making sure that the update, which got no answer, can’t take effect any more').answer;
    case 'unfence':
      await patchObject(run, [...ifSame(poll.object, 'uid', 'resourceVersion'), ...ending(poll)]);
      deedsOf(run, restoring.point).add('fenced');
      return waiting('FENCED', 'the update that was sent can no longer take effect').answer;
    case 'restore':
      return await restoreAll(poll);
    case 'clean':
      await patchObject(run, [
        ...ifSame(poll.object, 'uid', 'resourceVersion'),
        ...leftoverOperations(poll.object, restoring),
      ]);
      return waiting('CLEANING', 'what this run noted beside the newer deployment is removed').answer;
    case 'delete-pod':
      return await deletePod(run, decision);
    case 'end':
      return await end(poll, decision.answer);
  }
}

/** Level-based: whatever is as it was is left out. The late template can't arrive after it: its resourceVersion is old. */
async function restoreAll(poll: Poll): Promise<Restoration> {
  const { run, object, restoring } = poll;
  const { data } = restoring;
  deedsOf(run, restoring.point).add('restoring');
  const isRestored = hashTemplate(templateOf(object)) === data.previous.hash;
  const template = isRestored ? [] : wholeTemplate(await readPreviousTemplate(run, object, restoring));
  // Together: the annotations that are taken away may be all that there are.
  const rest = leftoverAnnotations(object, restoring);
  const notes = marking(poll, { phase: 'restoring', fields: await findRecord(poll), rest });
  const guard = ifSame(object, 'uid', 'generation');
  const operations = [...guard, ...template, ...leftoverLimit(object, restoring), ...notes];
  await patchObject(run, operations);
  return returning('RESTORING', `rollback to ${data.previous.name} requested`).answer;
}

async function deletePod(
  run: ClusterWorkload,
  { name, uid }: { readonly name: string; readonly uid: string },
): Promise<Restoration> {
  const path = `${corePath('pods', run.namespace)}/${encodeURIComponent(name)}`;
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } };
  try {
    await run.api.change({ method: 'DELETE', path, body });
  } catch (error) {
    // It is gone, or another one has its name already.
    if (!(error instanceof ApiRefusal) || ![404, 409].includes(error.status)) throw explainDelete(error, name);
  }
  return returning('RESTORING', `pod ${name} of the failed template is deleted, so that its StatefulSet goes on`)
    .answer;
}

function explainDelete(error: unknown, pod: string): unknown {
  if (!(error instanceof DeployError) || error.code !== 'PERMISSION_DENIED') return error;
  const hint = `Grant delete on pods, or delete it by hand: kubectl delete pod ${pod}.`;
  return new DeployError('PERMISSION_DENIED', error.message, { hint, cause: error });
}

/** The marker goes last, however it ends, and the fields back to their owners with it. */
async function end(poll: Poll, answer: Restoration): Promise<Restoration> {
  const { run, object } = poll;
  const operations = answer.status === 'restored' ? ending(poll) : cleaning(poll);
  if (operations.length > 0) await patchObject(run, [...ifSame(object, 'uid', 'resourceVersion'), ...operations]);
  return answer;
}

function ending({ object, restoring: { point } }: Poll): readonly PatchOperation[] {
  const marker = holderOf(object, point.run) === 'ours' ? readMarker(object) : null;
  if (!marker) return [];
  return [...withoutOurMarker(object, point), ...replaceEntries(withOwnership(object, marker.fields, MANAGER))];
}

/** Beside another user's template: the fields are whose they are now, and ours those of former deployments. */
function cleaning({ object, restoring: { point } }: Poll): readonly PatchOperation[] {
  const marker = holderOf(object, point.run) === 'ours' ? readMarker(object) : null;
  if (!marker) return [];
  return [...withoutOurMarker(object, point), ...replaceEntries(withoutNew(object, marker.fields, MANAGER))];
}

function replaceEntries(entries: readonly JsonObject[] | null): readonly PatchOperation[] {
  return entries && entries.length > 0 ? [{ op: 'replace', path: '/metadata/managedFields', value: entries }] : [];
}

interface Noting {
  readonly phase: RolloutPhase;
  readonly fields: OwnershipRecord;
  /** Annotations that change with it. */
  readonly rest?: Readonly<Record<string, string | null>>;
}

/** A restoration that another process began goes on with what that had noted. */
function marking({ run, object, restoring }: Poll, { phase, fields, rest = {} }: Noting): readonly PatchOperation[] {
  const { point, mark } = restoring;
  const found = holderOf(object, point.run) === 'ours' ? readMarker(object) : null;
  const until = Math.max(found?.until ?? 0, run.io.clock.now() + MARKER_HOLDS_MS);
  const marker = markerAnnotation({ point, mark, until, phase, fields: found?.fields ?? fields });
  return objectAnnotations(object, { ...rest, ...marker });
}

/** What our first request took. Where the marker is gone, its copy is on the ReplicaSet or ControllerRevision that was made. */
async function findRecord({ run, object, restoring }: Poll): Promise<OwnershipRecord> {
  const { point, mark } = restoring;
  if (holderOf(object, point.run) === 'ours') return readMarker(object)?.fields ?? NO_FIELDS;
  const history = await readHistory(run, object);
  const ours = history.find(({ object: kept }) => textAt(kept, 'metadata', 'annotations', CHANGE_ANNOTATION) === mark);
  return (ours && readCopy(ours.object)?.fields) ?? NO_FIELDS;
}
