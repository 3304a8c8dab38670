import { DeployError, isTransient } from '../../../model/errors.ts';
import { superseded } from '../../../model/superseded.ts';
import { type AppState, type ContainerApp, findRevision, patchApp, readApp } from './app.ts';
import { readChangeStatus } from './change-status.ts';
import type { OwnChange } from './own-change.ts';
import { trafficBefore } from './restore-data.ts';
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

/** For other changes to end and for ours to be listed; what comes later is waited for by the engine. */
const BUDGET_MS = 120_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5_000;
const MOST_PINS = 3;

/**
 * Sends our change and comes back when our revision is listed: by then it is known to be taken, and a kill in between is
 * as good as one right after. Nothing of the app but containers, suffix and traffic is sent.
 * @throws DeployError SUPERSEDED when somebody else was faster; DEPLOY_REJECTED; THROTTLED when the app stays busy
 */
export async function deployRevision(app: ContainerApp, own: OwnChange, takeTraffic: boolean): Promise<void> {
  if (own.isResumed) return;
  const { clock, signal, log } = app.io;
  const until = clock.now() + BUDGET_MS;
  const sending: Sending = { takeTraffic, pins: 0, isSent: false };
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
    try {
      if (await sendNext(app, own, sending)) return;
    } catch (error) {
      if (!isTransient(error) || clock.now() >= until) throw error;
      log.info(`${(error as Error).message} (trying again)`);
    }
    if (clock.now() >= until) return;
    await clock.sleep(pauseMs, signal);
  }
}

interface Sending {
  readonly takeTraffic: boolean;
  /** How often the traffic was asked to stay where it is. */
  pins: number;
  /** The template was sent, and that was taken. */
  isSent: boolean;
}

/** One look and at most one request. True: our revision is listed. */
async function sendNext(app: ContainerApp, own: OwnChange, sending: Sending): Promise<boolean> {
  if (await findRevision(app, own.mark)) return true;
  const { isDone, error } = await readChangeStatus(app, own.statusUrl);
  if (!isDone) return false;
  if (sending.isSent && error !== null) throw rejected(app, error);
  // It has ended well; only the list is late.
  if (sending.isSent && own.statusUrl !== null) return false;
  const state = await readApp(app);
  ensureUntouched(app, own, state);
  const pin = planPin(own, state, { isForced: error !== null, takeTraffic: sending.takeTraffic });
  if (pin) await pinTraffic(app, own, { pin, sending, error });
  else await sendTemplate(app, own, { state, sending });
  return false;
}

interface Pinning {
  readonly pin: readonly TrafficEntry[];
  readonly sending: Sending;
  readonly error: string | null;
}

/**
 * Before the template and not in the same request: where moving traffic fails (microsoft/azure-container-apps#790), the
 * new revision comes up all the same, and takes all the traffic that still follows the latest as soon as it is ready.
 */
async function pinTraffic(app: ContainerApp, own: OwnChange, { pin, sending, error }: Pinning): Promise<void> {
  if (error !== null && sending.pins >= MOST_PINS) throw rejected(app, error);
  if (error !== null) app.io.log.info(`the traffic could not be pinned to what serves now: ${error} (trying again)`);
  sending.pins += 1;
  own.statusUrl = (await patchApp(app, { traffic: toDocument(pin) })).operationUrl;
}

/** What the traffic has to be before the template may be sent; null: it is that. */
function planPin(
  own: OwnChange,
  state: AppState,
  { isForced, takeTraffic }: { readonly isForced: boolean; readonly takeTraffic: boolean },
): readonly TrafficEntry[] | null {
  const before = trafficBefore(own.data);
  // Without ingress there is none; and it goes to the new revision by itself where that is what is wanted.
  if (own.data.traffic === '' || (takeTraffic && followsLatest(before))) return null;
  const wanted = pinned(before, own.data.ready);
  return isSameTraffic(readTraffic(state.traffic), wanted) && !isForced ? null : wanted;
}

async function sendTemplate(
  app: ContainerApp,
  own: OwnChange,
  { state, sending }: { readonly state: AppState; readonly sending: Sending },
): Promise<void> {
  const edited = editTemplate(state.template, own.wanted);
  const template = toPatch(edited, suffixOf(own.mark));
  own.statusUrl = (await patchApp(app, { template }, listSecretValues(edited))).operationUrl;
  sending.isSent = true;
}

/** Azure has no conditional update, so the last look is taken right before it. */
function ensureUntouched(app: ContainerApp, own: OwnChange, state: AppState): void {
  const { latest, ready, traffic } = own.data;
  const isOther = !isName(state.latestRevision, latest) && !isName(state.latestRevision, own.mark);
  const before = trafficBefore(own.data);
  const now = readTraffic(state.traffic);
  const isMoved = traffic !== '' && !isSameTraffic(now, before) && !isSameTraffic(now, pinned(before, ready));
  if (!isOther && !isMoved) return;
  const what = isOther ? `${state.latestRevision} was deployed meanwhile` : 'its traffic was changed meanwhile';
  throw superseded(`could not deploy to ${app.resource}: ${what}`);
}

function rejected(app: ContainerApp, error: string): DeployError {
  return new DeployError('DEPLOY_REJECTED', `could not deploy to ${app.resource}: ${error}`, {
    hint: 'Correct what Azure names here, then run again.',
  });
}
