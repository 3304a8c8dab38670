import { neverAborted } from '../../../io/signals.ts';
import { describeError } from '../../../model/errors.ts';
import type { ChangeMark, Restoration, RestorePoint } from '../../../model/restore-point.ts';
import { MARKER_HOLDS_MS } from '../../../model/rollout-marker.ts';
import { returning, waiting } from '../../restoration-answers.ts';
import {
  type AppState,
  activateRevision,
  type ContainerApp,
  deactivateRevision,
  findRevision,
  patchApp,
  readApp,
} from './app.ts';
import { forgetLeftover, leaveIfRefused } from './deactivate.ts';
import { decideRestoration } from './decide-restoration.ts';
import { markingOf, unmarkingOf } from './marking.ts';
import type { Decision, RestorationFacts } from './restoration-facts.ts';
import { parseRestoreData, previouslyServing } from './restore-data.ts';
import { type RestorationPlace, readRestorationFacts } from './restore-facts.ts';
import { restoreTemplate } from './restore-template.ts';
import { isMarkedBy } from './rollout-tags.ts';
import { toDocument } from './traffic-table.ts';
import { wake } from './warm-up.ts';

/** See `Workload.restore`: reads the app and sends at most one change. */
export async function restoreApp(
  opened: ContainerApp,
  { point, mark, elapsedMs }: { readonly point: RestorePoint; readonly mark: ChangeMark; readonly elapsedMs: number },
): Promise<Restoration> {
  // A cancel is often the reason for a rollback, so it must not end the rollback too.
  const app = { ...opened, signal: neverAborted };
  const data = parseRestoreData(point, app);
  const state = await readApp(app);
  const ending = findEnding(app, point, state);
  if (ending) return ending;
  const place: RestorationPlace = { point, mark, data, state, elapsedMs };
  const facts = await readRestorationFacts(app, place);
  const decision = decideRestoration(facts);
  const isOurs = point.run !== undefined && isUnmarkedUndoing(app, facts, decision);
  return isOurs ? await markAgain(app, place) : await act(app, decision, place);
}

/** null: our marker is there, or this process didn't remove it. Others may change the app from then on. */
function findEnding({ endings }: ContainerApp, { run }: RestorePoint, state: AppState): Restoration | null {
  const ending = run && endings.get(run.id);
  if (!ending || state.provisioningState === 'inprogress' || isMarkedBy(state.document, run.id)) return null;
  return ending;
}

/** Our rollout was finished, and its marker removed: a restoration that gets lost now would be seen by no other run. */
function isUnmarkedUndoing(
  app: ContainerApp,
  { template, isMarked }: RestorationFacts,
  { act: next }: Decision,
): boolean {
  const isUndoing = next === 'activate' || next === 'move-traffic' || next === 'restore-template';
  return isUndoing && template === 'ours' && !isMarked && !app.firstSeen.has(MARKED_AGAIN);
}

const MARKED_AGAIN = 'a restoration marked the app again';

/** Once. Where it can't be written, the restoration goes on without. */
async function markAgain(app: ContainerApp, { point, mark, state }: RestorationPlace): Promise<Restoration> {
  const now = app.io.clock.now();
  app.firstSeen.set(MARKED_AGAIN, now);
  const tags = markingOf(app, state, { point, mark, until: now + MARKER_HOLDS_MS });
  try {
    if (Object.keys(tags).length > 0) await patchApp(app, { tags });
  } catch (error) {
    app.io.log.debug(`could not mark ${app.resource}: ${describeError(error).message}`);
  }
  return waiting('MARKING', 'marking the app before the rollback').answer;
}

async function act(app: ContainerApp, decision: Decision, place: RestorationPlace): Promise<Restoration> {
  switch (decision.act) {
    case 'none':
      return decision.answer;
    case 'activate':
      return await activate(app, decision.revision);
    case 'deactivate':
      return await deactivate(app, decision.revision);
    case 'wake':
      return await wakeRevision(app, decision.revision);
    case 'move-traffic':
      await patchApp(app, { traffic: toDocument(decision.traffic) });
      return returning(
        'MOVING_TRAFFIC',
        `rollback requested: moving the traffic to ${previouslyServing(place.data).join(' and ')}`,
      ).answer;
    case 'restore-template':
      return await restoreTemplate(app, place);
    case 'remove-marker':
      await patchApp(app, { tags: unmarkingOf(place.state, place.point) });
      app.endings.set(place.point.run?.id ?? '', decision.ending);
      // Where the rest can't be read any more, this is what is said of how it ended.
      return returning('REMOVING_MARKER', `removing the marker of the rollout: ${decision.ending.message}`).answer;
  }
}

async function activate(app: ContainerApp, name: string): Promise<Restoration> {
  forgetLeftover(app, name);
  // Before it is sent: where its state can't be read, one that is refused is tried once.
  app.sent.set(name, 'activated');
  await activateRevision(app, name);
  return returning('ACTIVATING', `rollback requested: activated ${name} again`).answer;
}

async function deactivate(app: ContainerApp, name: string): Promise<Restoration> {
  await leaveIfRefused(app, name, () => deactivateRevision(app, name));
  app.sent.set(name, 'deactivated');
  return returning('DEACTIVATING', `deactivated ${name}`).answer;
}

async function wakeRevision(app: ContainerApp, name: string): Promise<Restoration> {
  const revision = await findRevision(app, name);
  if (revision?.fqdn) await wake(app, revision.fqdn);
  return returning('WARMING', `starting a replica of ${name}, so that no user waits for it`).answer;
}
