import { ConflictError } from '../../../model/conflict.ts';
import { DeployError, isTransient } from '../../../model/errors.ts';
import { type JsonObject, textAt } from '../../../model/json.ts';
import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import { describeHolder } from '../../../model/rollout-marker.ts';
import { superseded } from '../../../model/superseded.ts';
import { replicasBeside } from '../../../model/traffic.ts';
import type { RolloutPlan } from '../../../model/workload.ts';
import { ApiRefusal } from '../api.ts';
import { deedsOf, readObject, sayOnce } from '../cluster-workload.ts';
import type { RollingPrepared } from '../deploy.ts';
import { parseRestoreData } from '../restore-data.ts';
import { CHANGE_ANNOTATION, holderOf, MANAGER, readMarker } from '../rollout-annotation.ts';
import { desiredReplicas } from '../rollout-status.ts';
import { hashTemplate, templateOf } from '../template-hash.ts';
import { listPath } from '../workload-kind.ts';
import { chooseUnselected, copyOf } from './copy-document.ts';
import { holderOfCopy, markingOf } from './copy-marker.ts';
import { MODE_ANNOTATION } from './names.ts';
import { ensureSplitPermitted } from './permissions.ts';
import { modeOf } from './read-state.ts';
import { removeNext } from './remove-copy.ts';
import { ownSelector } from './services.ts';
import { parseSplitData, type SplitData } from './split-data.ts';
import type { SplitMode } from './split-facts.ts';
import type { SplitOperation } from './split-operation.ts';
import { findOwnCopy, isOwn, type SplitWorkload, servicePath } from './split-workload.ts';

export interface CopyRequest {
  readonly prepared: RollingPrepared;
  readonly point: RestorePoint;
  readonly plan: RolloutPlan;
}

/**
 * Makes the copy, without traffic. It is what other runs see of this one, so the Deployment itself is not touched yet. null:
 * it isn't there yet, or an older one has to be deleted first.
 * @throws ConflictError when another run was faster; DeployError SUPERSEDED, UNSUPPORTED, …
 */
export async function sendCopy(split: SplitWorkload, request: CopyRequest): Promise<SplitOperation | null> {
  const { run, copy } = split;
  const { prepared, point } = request;
  const data = parseSplitData(point);
  const found = await run.api.find(copy.path);
  if (!data || (found && !isOwn(found, copy.label))) throw notSplittable(split);
  const holder = holderOfCopy(found, { point, mark: prepared.mark });
  if (holder === 'ours') return toOperation(split, found!, point);
  const marker = found && readMarker(found);
  if (holder === 'other') throw conflict(split, marker ? describeHolder(marker) : 'another run has made a copy of it');
  await ensureSplitPermitted(split, data, modeFor(request.plan));
  const web = await readObject(run);
  ensureAsCaptured(split, web, point);
  if (found) return await retire(split, data);
  return await create(split, await documentOf(split, web, { request, data }), request);
}

/** A preview that an earlier run left, or what one has kept: that may have traffic, which the Deployment gets back first. */
async function retire(split: SplitWorkload, data: SplitData): Promise<null> {
  sayOnce(split.run, 'info', `${split.copy.name}, which an earlier run left, is replaced.`);
  await removeNext(split, data);
  return null;
}

async function create(
  split: SplitWorkload,
  document: JsonObject,
  request: CopyRequest,
): Promise<SplitOperation | null> {
  const { run } = split;
  const deeds = deedsOf(run, request.point).add('sent');
  try {
    const { object, warnings } = await run.api.change({
      ...{ method: 'POST', path: listPath('deployments', run.namespace), body: document },
      query: { fieldManager: MANAGER, fieldValidation: 'Strict' },
    });
    if (warnings.length > 0) run.io.log.foreign([...warnings]);
    return toOperation(split, object, request.point);
  } catch (error) {
    if (error instanceof ApiRefusal && error.reason === 'AlreadyExists') return null;
    if (isTransient(error)) deeds.add('sent without answer');
    throw error;
  }
}

async function documentOf(
  split: SplitWorkload,
  web: JsonObject,
  { request: { prepared, point, plan }, data }: { readonly request: CopyRequest; readonly data: SplitData },
): Promise<JsonObject> {
  const mode = modeFor(plan);
  const marking = { point, mark: prepared.mark, until: plan.markedUntil };
  return copyOf(web, {
    template: prepared.template,
    replicas: firstReplicas(plan, { stable: desiredReplicas(web), isRouted: data.route !== null }),
    annotations: { [MODE_ANNOTATION]: mode, ...markingOf(marking) },
    unselectedBy: data.route ? await unselectedBy(split, data.route.stable) : null,
  });
}

/** Where a route splits, the Service must not select the copy's pods, which then have to be ready all the same. */
async function unselectedBy({ run }: SplitWorkload, stable: string): Promise<string | null> {
  return chooseUnselected(ownSelector(await run.api.read(servicePath(run, stable))));
}

/** What takes all traffic at once is brought up at full size. */
function modeFor({ firstShare }: RolloutPlan): SplitMode {
  return firstShare === 100 ? 'blue-green' : 'canary';
}

function firstReplicas(
  { firstShare = 0 }: RolloutPlan,
  { stable, isRouted }: { readonly stable: number; readonly isRouted: boolean },
): number {
  if (firstShare === 0) return 1;
  return isRouted ? Math.max(1, Math.ceil((stable * firstShare) / 100)) : replicasBeside(firstShare, stable);
}

/** Nothing may come between: what is rolled out was made of what was captured. */
function ensureAsCaptured(split: SplitWorkload, web: JsonObject, point: RestorePoint): void {
  const { run } = split;
  const { uid, liveHash } = parseRestoreData(point, run);
  const marker = readMarker(web);
  if (holderOf(web, point.run) === 'other' && marker) throw conflict(split, describeHolder(marker));
  const isSame = textAt(web, 'metadata', 'uid') === uid && hashTemplate(templateOf(web)) === liveHash;
  if (!isSame) throw superseded(`could not deploy to ${run.resource}: its pod template was changed meanwhile`);
}

/** See `Workload.findOperation`: by the copy; null: there is none of this run. */
export async function findCopy(
  split: SplitWorkload,
  { mark, point }: { readonly mark: ChangeMark; readonly point: RestorePoint },
): Promise<SplitOperation | null> {
  const found = await findOwnCopy(split);
  return found && holderOfCopy(found, { point, mark }) === 'ours' ? toOperation(split, found, point) : null;
}

function toOperation(split: SplitWorkload, copy: JsonObject, point: RestorePoint): SplitOperation {
  return {
    id: split.copy.name,
    mark: textAt(copy, 'metadata', 'annotations', CHANGE_ANNOTATION),
    goal: { kind: 'up' },
    revision: split.copy.name,
    split: {
      point,
      mode: modeOf(copy),
      replicas: desiredReplicas(copy),
      markedUntil: readMarker(copy)?.until ?? 0,
      isPromoting: false,
      promotion: null,
    },
  };
}

function conflict({ run }: SplitWorkload, why: string): ConflictError {
  return new ConflictError(`could not deploy to ${run.resource}: ${why}`);
}

function notSplittable({ run }: SplitWorkload): DeployError {
  return new DeployError('UNSUPPORTED', `could not split the traffic of ${run.resource}`, {
    hint: 'Use `strategy: rolling`.',
  });
}
