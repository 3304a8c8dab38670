import { ConflictError } from '../../model/conflict.ts';
import { isTransient } from '../../model/errors.ts';
import { formatImage } from '../../model/image.ts';
import type { JsonObject } from '../../model/json.ts';
import { textAt } from '../../model/json.ts';
import type { ChangeMark, RestorePoint } from '../../model/restore-point.ts';
import { describeHolder } from '../../model/rollout-marker.ts';
import { superseded } from '../../model/superseded.ts';
import type { Change, EditChange, Prepared, RolloutPlan } from '../../model/workload.ts';
import { CAUSE_ANNOTATION } from './capture.ts';
import { isMadeByUs, isOurs, makeMark } from './change-mark.ts';
import { ifSame, tryPatch } from './change-object.ts';
import { type ClusterWorkload, deedsOf } from './cluster-workload.ts';
import { expectTemplate, showWarnings } from './expected-template.ts';
import type { PatchOperation } from './json-patch.ts';
import { compareOwnership } from './managed-fields.ts';
import { markerAnnotation } from './marking.ts';
import { isUnchanged, type MadeEdit, makeEdit, operationsFor } from './plan.ts';
import { parseRestoreData, type RestoreData } from './restore-data.ts';
import { CHANGE_ANNOTATION, holderOf, MANAGER, readMarker } from './rollout-annotation.ts';
import { hashTemplate, templateOf } from './template-hash.ts';
import { objectAnnotations } from './template-patch.ts';
import { tryPod } from './try-pod.ts';
import { updateObject } from './update-object.ts';

/** A prepared rollout, and the pod template that the API server is expected to make of it. */
export interface RollingPrepared extends Prepared {
  readonly template: JsonObject;
}

/** Makes nothing: the one call that changes the workload is the one that is journaled. */
export async function prepareChange(run: ClusterWorkload, change: Change): Promise<RollingPrepared> {
  const made = await makeEdit(run, change);
  const live = templateOf(made.object);
  const restarts = isUnchanged(live, made.edited, made.expected);
  const { object, operations, expected } = restarts ? await makeRestart(run, made) : made;
  const { template, isSettled } = expected ?? { template: live, isSettled: true };
  await tryPod(run, object, template);
  const mark = makeMark(template, { isSettled });
  const sending = { mark, operations, base: hashTemplate(live), cause: describeCause(change) };
  return { mark, template, send: (point, plan) => send(run, sending, { point, plan }) };
}

// As `kubectl rollout restart` does.
const RESTARTED = 'kubectl.kubernetes.io/restartedAt';

/** The template is live already: with `force`, or where it did not come up, its pods are made again. */
async function makeRestart(run: ClusterWorkload, made: MadeEdit): Promise<MadeEdit> {
  const live = templateOf(made.object);
  const metadata = (live['metadata'] ?? {}) as JsonObject;
  const at = new Date(run.io.clock.now()).toISOString();
  const annotations = { ...(metadata['annotations'] as JsonObject | undefined), [RESTARTED]: at };
  const edited = { ...live, metadata: { ...metadata, annotations } };
  const operations = operationsFor(made.object, { base: live, edited });
  return { ...made, edited, operations, expected: await expectTemplate(run, operations) };
}

function describeCause(change: Change): string {
  const images = (change as EditChange).images.map(({ image }) => formatImage(image));
  return [...new Set(images)].slice(0, 2).join(', ') || 'configuration';
}

interface Sending {
  readonly mark: ChangeMark;
  readonly operations: readonly PatchOperation[];
  /** Hash of the template that they were made for. */
  readonly base: string;
  readonly cause: string;
}

interface Destination {
  readonly point: RestorePoint;
  readonly plan: Pick<RolloutPlan, 'markedUntil'>;
}

/** null: our ReplicaSet or ControllerRevision, which the controller makes, is what shows that it has begun. */
async function send(run: ClusterWorkload, sending: Sending, { point, plan }: Destination): Promise<null> {
  const data = parseRestoreData(point, run);
  const deeds = deedsOf(run, point).add('sent');
  try {
    await updateObject(run, async (object) => {
      if (isSent(object, sending, point)) return [];
      ensureAsCaptured(run, object, { point, data, sending });
      return await withMarker(run, object, { sending, point, plan, data });
    });
    return null;
  } catch (error) {
    if (isTransient(error)) deeds.add('sent without answer');
    throw error;
  }
}

/** By an earlier request, whose answer was lost. */
function isSent(object: JsonObject, { mark }: Sending, { run }: RestorePoint): boolean {
  return isOurs(object, mark) && (run === undefined || holderOf(object, run) === 'ours');
}

/** Another run is waited for. A deployment by someone else, which no one may expect to be replaced, is not. */
function ensureAsCaptured(
  run: ClusterWorkload,
  object: JsonObject,
  {
    point,
    data,
    sending: { base, mark },
  }: { readonly point: RestorePoint; readonly data: RestoreData; readonly sending: Sending },
): void {
  const what = `could not deploy to ${run.resource}`;
  const marker = readMarker(object);
  if (marker && holderOf(object, point.run) === 'other') throw new ConflictError(`${what}: ${describeHolder(marker)}`);
  const hash = hashTemplate(templateOf(object));
  const isSame = textAt(object, 'metadata', 'uid') === data.uid && hash === data.liveHash && hash === base;
  const changed = 'its pod template was changed meanwhile';
  // Ours was there: another user has restored what was before it.
  if (textAt(object, 'metadata', 'annotations', CHANGE_ANNOTATION) === mark) throw superseded(`${what}: ${changed}`);
  if (isSame) return;
  throw isMadeByUs(object) ? new ConflictError(`${what}: ${changed}`) : superseded(`${what}: ${changed}`);
}

/** Everything in one request, which only the object as it was read accepts. Its dry run tells which fields it takes. */
async function withMarker(
  run: ClusterWorkload,
  object: JsonObject,
  { sending, point, plan, data }: Destination & { readonly sending: Sending; readonly data: RestoreData },
): Promise<readonly PatchOperation[]> {
  const { mark, cause } = sending;
  const by = point.run ? `deploy-agent, ${point.run.name}` : 'deploy-agent';
  const notes: Record<string, string> = { [CHANGE_ANNOTATION]: mark };
  if (data.cause !== undefined) notes[CAUSE_ANNOTATION] = `${by}: ${cause}`;
  const guard = ifSame(object, 'uid', 'resourceVersion');
  const changes = [...sending.operations, ...raiseLimit(data)];
  const trial = await tryPatch(run, [...guard, ...changes, ...objectAnnotations(object, notes)]);
  showWarnings(run, trial.warnings);
  const fields = compareOwnership(object, trial.object, MANAGER);
  const marker = markerAnnotation({ point, mark, until: plan.markedUntil, phase: 'rolling-out', fields });
  return [...guard, ...changes, ...objectAnnotations(object, { ...notes, ...marker })];
}

function raiseLimit({ raisedLimit }: RestoreData): readonly PatchOperation[] {
  return raisedLimit === null ? [] : [{ op: 'add', path: '/spec/revisionHistoryLimit', value: raisedLimit }];
}
