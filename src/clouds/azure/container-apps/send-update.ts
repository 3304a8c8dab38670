import { ConflictError } from '../../../model/conflict.ts';
import { DeployError } from '../../../model/errors.ts';
import type { JsonObject } from '../../../model/json.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import { describeHolder } from '../../../model/rollout-marker.ts';
import { superseded } from '../../../model/superseded.ts';
import type { EditChange } from '../../../model/workload.ts';
import { type AppState, type ContainerApp, patchApp, readApp, toState } from './app.ts';
import { readChangeStatus } from './change-status.ts';
import { findRival, hasTemplateOf } from './foreign.ts';
import { markingOf, unmarkingOf } from './marking.ts';
import { isResumed, type OurRevision, type RevisionOperation, toOperation } from './operation.ts';
import { previousTraffic } from './restore-data.ts';
import { suffixOf } from './revision-name.ts';
import { type AppMarker, isMarkedBy, type TagPatch } from './rollout-tags.ts';
import { editTemplate, listSecretValues, toPatch } from './template.ts';
import {
  followsLatest,
  isName,
  isSameTraffic,
  pinned,
  readTraffic,
  type TrafficEntry,
  toDocument,
} from './traffic-table.ts';

export interface Update extends OurRevision {
  readonly point: RestorePoint;
  readonly change: EditChange;
  /** null: the app's template. */
  readonly base: JsonObject | null;
  readonly takeTraffic: boolean;
  readonly markedUntil: number;
}

/** Of the requests that Azure accepted from this process. After a lost answer the app shows what became of it. */
export interface Sending {
  statusUrl: string | null;
  /** How often the traffic was pinned, and the marker written. */
  pins: number;
  claims: number;
  /** The pin was seen in the app. */
  isPinned: boolean;
  /** It was sent, and may have been accepted. */
  isTemplateSent: boolean;
}

const MOST_PINS = 3;
const MOST_CLAIMS = 3;

/**
 * Reads how far it is and sends at most one request: the marker, with the pin where there is one; then the template. As
 * Azure has no conditional update, the marker is read back before the template may take any traffic.
 * @throws DeployError SUPERSEDED when another deployment was faster; DEPLOY_REJECTED; ConflictError
 */
export async function sendNext(app: ContainerApp, update: Update, sending: Sending): Promise<RevisionOperation | null> {
  const resumed = isResumed(update);
  if (resumed && !update.run) return toOperation(update, null);
  const { isDone, error } = await readChangeStatus(app, sending.statusUrl);
  if (!isDone) return null;
  const state = await readApp(app);
  const rival = findRival(app, update.run, state);
  if (rival) throw await giveWay(app, update, { state, sending, rival });
  if (!resumed && hasOurTemplate(state, update)) return null;
  ensureUntouched(app, update, { state, sending });
  const pin = resumed ? null : planPin(update, state, { isForced: error !== null });
  sending.isPinned ||= pin === null && !update.takeTraffic;
  const tags = planClaim(app, update, { state, sending });
  if (!pin && !tags) return resumed ? toOperation(update, null) : await sendTemplate(app, update, { state, sending });
  if (pin) notePin(app, sending, error);
  const change = { ...(pin ? { traffic: toDocument(pin) } : {}), ...(tags ? { tags } : {}) };
  sending.statusUrl = (await patchApp(app, change)).operationUrl;
  // One that was refused, as another change is in progress, is sent again: without a marker no other run would repair the pin.
  if (tags) sending.claims += 1;
  return null;
}

/** Our request was accepted, although its answer was lost. One that failed is sent again: the answer says why. */
function hasOurTemplate(state: AppState, { mark }: Update): boolean {
  return hasTemplateOf(state, mark) && state.provisioningState !== 'failed';
}

interface Beside {
  readonly state: AppState;
  readonly sending: Sending;
}

/** Takes our marker back, where nothing else of ours was sent: the traffic is pinned by the other run too, or at its end. */
async function giveWay(
  app: ContainerApp,
  { point }: Update,
  { state, sending, rival }: Beside & { readonly rival: AppMarker },
): Promise<DeployError> {
  const message = `could not deploy to ${app.resource}: ${describeHolder(rival)}`;
  if (sending.isTemplateSent) return superseded(message);
  const tags = unmarkingOf(state, point);
  if (Object.keys(tags).length > 0) await patchApp(app, { tags });
  return new ConflictError(message);
}

/** Azure has no conditional update, so the app is read right before it. */
function ensureUntouched(app: ContainerApp, { mark, previous }: Update, { state, sending }: Beside): void {
  const { latest, ready } = previous;
  const isOther = !isName(state.latestRevision, latest) && !isName(state.latestRevision, mark);
  const traffic = previousTraffic(previous);
  const now = readTraffic(state.traffic);
  const isOurs = isSameTraffic(now, pinned(traffic, ready)) || (!sending.isPinned && isSameTraffic(now, traffic));
  const isMoved = traffic.length > 0 && !isOurs;
  if (!isOther && !isMoved) return;
  const what = isOther ? `${state.latestRevision} was deployed meanwhile` : 'its traffic was changed meanwhile';
  throw superseded(`could not deploy to ${app.resource}: ${what}`);
}

/** What the traffic has to be before the template may be sent; null: it is that. */
function planPin(
  { previous, takeTraffic }: Update,
  state: AppState,
  { isForced }: { readonly isForced: boolean },
): readonly TrafficEntry[] | null {
  const traffic = previousTraffic(previous);
  // Traffic that follows the latest revision goes to the new one by itself, which is right if it is to take traffic.
  if (traffic.length === 0 || (takeTraffic && followsLatest(traffic))) return null;
  const desired = pinned(traffic, previous.ready);
  return isSameTraffic(readTraffic(state.traffic), desired) && !isForced ? null : desired;
}

/** null: our marker is there, or can't be: Azure accepted it, and the app does not show it. */
function planClaim(app: ContainerApp, update: Update, { state, sending }: Beside): TagPatch | null {
  const { run, point, mark, markedUntil } = update;
  if (!run || isMarkedBy(state.document, run.id) || sending.claims >= MOST_CLAIMS) return null;
  const tags = markingOf(app, state, { point, mark, until: markedUntil, phase: 'claiming' });
  return Object.keys(tags).length === 0 ? null : tags;
}

/**
 * The pin goes before the template and not in the same request: where moving traffic fails
 * (microsoft/azure-container-apps#790), the new revision starts all the same, and takes all the traffic that still follows the
 * latest as soon as it is ready.
 */
function notePin(app: ContainerApp, sending: Sending, error: string | null): void {
  if (error !== null && sending.pins >= MOST_PINS) throw rejected(app, error);
  if (error !== null) app.io.log.info(`the traffic could not be pinned to what serves now: ${error} (trying again)`);
  sending.pins += 1;
}

function rejected(app: ContainerApp, error: string): DeployError {
  return new DeployError('DEPLOY_REJECTED', `could not deploy to ${app.resource}: ${error}`, {
    hint: 'Correct what Azure names here, then run again.',
  });
}

async function sendTemplate(app: ContainerApp, update: Update, { state, sending }: Beside): Promise<RevisionOperation> {
  const { point, mark, markedUntil } = update;
  const edited = editTemplate(update.base ?? state.template, update.change);
  const template = toPatch(state.template, edited, suffixOf(mark));
  const tags = markingOf(app, state, { point, mark, until: markedUntil });
  const wasSent = sending.isTemplateSent;
  sending.isTemplateSent = true;
  try {
    const { operationUrl, body } = await patchApp(app, { template, tags }, listSecretValues(edited));
    return { ...toOperation(update, operationUrl), notes: describeOverwritten(update, body) };
  } catch (error) {
    const isRefused = error instanceof DeployError && error.code !== 'NETWORK';
    sending.isTemplateSent = wasSent || !isRefused;
    throw error;
  }
}

/** The answer shows what was the newest when our request took effect: another user may have been faster than our read. */
function describeOverwritten({ mark, previous }: Update, body: JsonObject): readonly string[] {
  const { latestRevision } = toState(body);
  if (['', mark, previous.latest].some((name) => isName(name, latestRevision))) return [];
  return [`${latestRevision}, which another run or user deployed at the same time, was overwritten: deploy it again.`];
}
