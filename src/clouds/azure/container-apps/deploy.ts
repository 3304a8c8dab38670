import { ensureEdit } from '../../../model/change.ts';
import { DeployError } from '../../../model/errors.ts';
import { type JsonObject, textAt } from '../../../model/json.ts';
import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import { superseded } from '../../../model/superseded.ts';
import type { Change, EditChange, Operation, Prepared } from '../../../model/workload.ts';
import { type AppState, type ContainerApp, findRevision, patchApp, readApp } from './app.ts';
import { readChangeStatus } from './change-status.ts';
import { chooseRevision } from './plan.ts';
import { parseRestoreData, previousTraffic, type RestoreData } from './restore-data.ts';
import { suffixOf } from './revision-name.ts';
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

/** `id` and `revision`: the revision's name, which is the mark too. */
export interface RevisionOperation extends Operation {
  /** What was there when the restore point was captured. */
  readonly previous: RestoreData;
  /** Where Azure shows the progress of the last request that it accepted; null: it accepted none, or named no address. */
  readonly statusUrl: string | null;
}

/** How long an app may refuse our request because another change of it is in progress. */
const LONGEST_BUSY_MS = 120_000;
const MOST_PINS = 3;

/** Chooses the name of the new revision, which changes nothing; `send` creates it. */
export async function prepareChange(app: ContainerApp, given: Change): Promise<Prepared> {
  const change = ensureEdit(given, app.resource);
  const { mark, base } = await chooseRevision(app, change);
  const sending: Sending = { statusUrl: null, pins: 0, busySince: null };
  return {
    mark,
    send: (point, { takeTraffic }) => {
      const previous = parseRestoreData(point, app);
      return sendUnlessBusy(app, { mark, change, base, previous, takeTraffic }, sending);
    },
  };
}

/** See `Workload.findOperation`. */
export async function findOperation(
  app: ContainerApp,
  { mark, point }: { readonly mark: ChangeMark; readonly point: RestorePoint },
): Promise<RevisionOperation | null> {
  const previous = parseRestoreData(point, app);
  return (await findRevision(app, mark)) ? toOperation({ mark, previous }, null) : null;
}

/** The revision existed before: none of it is sent. */
export function isResumed({ mark, previous }: Pick<RevisionOperation, 'mark' | 'previous'>): boolean {
  return previous.latest === mark;
}

interface Update extends Pick<RevisionOperation, 'mark' | 'previous'> {
  readonly change: EditChange;
  /** null: the app's template. */
  readonly base: JsonObject | null;
  readonly takeTraffic: boolean;
}

/** Of the requests that Azure accepted from this process. After a lost answer the app shows what became of it. */
interface Sending {
  statusUrl: string | null;
  /** How often the traffic was pinned. */
  pins: number;
  /** Since when the app refuses our request; null: it does not. */
  busySince: number | null;
}

/** @throws DeployError SUPERSEDED when another deployment was faster; DEPLOY_REJECTED; BUSY when the app stays so */
async function sendUnlessBusy(app: ContainerApp, update: Update, sending: Sending): Promise<RevisionOperation | null> {
  try {
    const operation = await sendNext(app, update, sending);
    sending.busySince = null;
    return operation;
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== 'THROTTLED') throw error;
    const now = app.io.clock.now();
    sending.busySince ??= now;
    if (now - sending.busySince < LONGEST_BUSY_MS) throw error;
    throw new DeployError('BUSY', error.message, {
      cause: error,
      ...(error.hint === null ? {} : { hint: error.hint }),
    });
  }
}

/** Reads how far it is and sends at most one request: nothing of the app but containers, suffix and traffic. */
async function sendNext(app: ContainerApp, update: Update, sending: Sending): Promise<RevisionOperation | null> {
  if (isResumed(update)) return toOperation(update, null);
  const { isDone, error } = await readChangeStatus(app, sending.statusUrl);
  if (!isDone) return null;
  const state = await readApp(app);
  if (hasOurTemplate(state, update)) return null;
  ensureUntouched(app, update, state);
  const pin = planPin(update, state, { isForced: error !== null });
  if (!pin) return await sendTemplate(app, update, state);
  await pinTraffic(app, sending, { pin, error });
  return null;
}

/** Our request was accepted, although its answer was lost. One that failed is sent again: the answer says why. */
function hasOurTemplate({ template, provisioningState }: AppState, { mark }: Update): boolean {
  return textAt(template, 'revisionSuffix') === suffixOf(mark) && provisioningState !== 'failed';
}

/** Azure has no conditional update, so the app is read right before it. */
function ensureUntouched(app: ContainerApp, { mark, previous }: Update, state: AppState): void {
  const { latest, ready } = previous;
  const isOther = !isName(state.latestRevision, latest) && !isName(state.latestRevision, mark);
  const traffic = previousTraffic(previous);
  const now = readTraffic(state.traffic);
  const isMoved = traffic.length > 0 && !isSameTraffic(now, traffic) && !isSameTraffic(now, pinned(traffic, ready));
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

/**
 * Before the template and not in the same request: where moving traffic fails (microsoft/azure-container-apps#790), the
 * new revision starts all the same, and takes all the traffic that still follows the latest as soon as it is ready.
 */
async function pinTraffic(
  app: ContainerApp,
  sending: Sending,
  { pin, error }: { readonly pin: readonly TrafficEntry[]; readonly error: string | null },
): Promise<void> {
  if (error !== null && sending.pins >= MOST_PINS) throw rejected(app, error);
  if (error !== null) app.io.log.info(`the traffic could not be pinned to what serves now: ${error} (trying again)`);
  sending.pins += 1;
  sending.statusUrl = (await patchApp(app, { traffic: toDocument(pin) })).operationUrl;
}

function rejected(app: ContainerApp, error: string): DeployError {
  return new DeployError('DEPLOY_REJECTED', `could not deploy to ${app.resource}: ${error}`, {
    hint: 'Correct what Azure names here, then run again.',
  });
}

async function sendTemplate(app: ContainerApp, update: Update, state: AppState): Promise<RevisionOperation> {
  const edited = editTemplate(update.base ?? state.template, update.change);
  const template = toPatch(state.template, edited, suffixOf(update.mark));
  const { operationUrl } = await patchApp(app, { template }, listSecretValues(edited));
  return toOperation(update, operationUrl);
}

function toOperation(
  { mark, previous }: Pick<RevisionOperation, 'mark' | 'previous'>,
  statusUrl: string | null,
): RevisionOperation {
  return { id: mark, mark, goal: { kind: 'up' }, revision: mark, previous, statusUrl };
}
