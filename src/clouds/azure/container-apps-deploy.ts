import { DeployError, isTransient } from '../../model/errors.ts';
import { readChangeStatus } from './change-status.ts';
import { type AppState, type ContainerApp, findRevision, patchApp, readApp } from './container-app.ts';
import type { OwnChange } from './own-change.ts';
import { trafficBefore } from './restore-data.ts';
import { suffixOf } from './revision-name.ts';
import { editTemplate, listSecretValues, toPatch } from './template.ts';
import { followsLatest, isName, isSameTraffic, pinned, readTraffic, type TrafficEntry, toDocument } from './traffic.ts';

/** For other changes to end and for ours to be listed; what comes later is waited for by the engine. */
const BUDGET_MS = 120_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Sends our change and comes back when our revision is listed: by then it is known to be taken, and a kill in between is
 * as good as one right after. Nothing of the app but containers, suffix and traffic is sent.
 * @throws DeployError SUPERSEDED when somebody else was faster; DEPLOY_REJECTED; THROTTLED when the app stays busy
 */
export async function deployRevision(app: ContainerApp, own: OwnChange, takeTraffic: boolean): Promise<void> {
  if (own.isResumed) return;
  const { clock, signal, log } = app.io;
  const until = clock.now() + BUDGET_MS;
  const sending: Sent = { combined: true, last: null };
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
    try {
      if (await sendNext(app, own, { takeTraffic, sending })) return;
    } catch (error) {
      if (!isTransient(error) || clock.now() >= until) throw error;
      log.info(`${(error as Error).message} (trying again)`);
    }
    if (clock.now() >= until) return;
    await clock.sleep(pauseMs, signal);
  }
}

interface Sent {
  /** Template and traffic go in one request, unless that was refused. */
  combined: boolean;
  last: 'template' | 'traffic' | null;
}

interface Sending {
  readonly takeTraffic: boolean;
  readonly sending: Sent;
}

/** One look and at most one request. True: our revision is listed. */
async function sendNext(app: ContainerApp, own: OwnChange, { takeTraffic, sending }: Sending): Promise<boolean> {
  if (await findRevision(app, own.mark)) return true;
  const { isDone, error } = await readChangeStatus(app, own.statusUrl);
  if (!isDone) return false;
  const state = await readApp(app);
  ensureUntouched(app, own, state);
  const traffic = planTraffic(own, takeTraffic, state);
  if (error !== null) {
    // Moving traffic in the same request fails where each alone does not (microsoft/azure-container-apps#790).
    if (traffic === null || !sending.combined) throw rejected(app, error);
    sending.combined = false;
    app.io.log.info(`Azure did not take template and traffic together (${error}): sending one after the other`);
  }
  // It was taken and has ended well; only the list is late.
  else if (sending.last === 'template' && own.statusUrl !== null) return false;
  if (!sending.combined && traffic !== null && !isSameTraffic(readTraffic(state.traffic), traffic)) {
    sending.last = 'traffic';
    own.statusUrl = (await patchApp(app, { traffic: toDocument(traffic) })).operationUrl;
    return false;
  }
  sending.last = 'template';
  await sendTemplate(app, own, { state, traffic: sending.combined ? traffic : null });
  return false;
}

async function sendTemplate(
  app: ContainerApp,
  own: OwnChange,
  { state, traffic }: { readonly state: AppState; readonly traffic: readonly TrafficEntry[] | null },
): Promise<void> {
  const edited = editTemplate(state.template, own.wanted);
  const template = toPatch(edited, suffixOf(own.mark));
  const change = { template, ...(traffic === null ? {} : { traffic: toDocument(traffic) }) };
  own.statusUrl = (await patchApp(app, change, listSecretValues(edited))).operationUrl;
}

/** null: the traffic is left alone. */
function planTraffic(own: OwnChange, takeTraffic: boolean, state: AppState): readonly TrafficEntry[] | null {
  if (own.data.traffic === '') return null;
  const before = trafficBefore(own.data);
  // It goes to the new revision by itself, as soon as that is ready.
  if (takeTraffic && followsLatest(before)) return null;
  const wanted = pinned(before, own.data.ready);
  return isSameTraffic(before, wanted) && isSameTraffic(readTraffic(state.traffic), wanted) ? null : wanted;
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
  throw new DeployError('SUPERSEDED', `could not deploy to ${app.resource}: ${what}`, {
    hint: 'Let one workflow at a time deploy to the app: use `concurrency`.',
  });
}

function rejected(app: ContainerApp, error: string): DeployError {
  return new DeployError('DEPLOY_REJECTED', `could not deploy to ${app.resource}: ${error}`, {
    hint: 'Correct what Azure names here, then run again.',
  });
}
