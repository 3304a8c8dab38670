import { neverCancelled } from '../../../io/io.ts';
import { DeployError } from '../../../model/errors.ts';
import { textAt } from '../../../model/json.ts';
import type { ChangeMark, Restoration, RestorePoint } from '../../../model/workload.ts';
import { failed, returning } from '../../restoration-answers.ts';
import {
  type AppState,
  activateRevision,
  type ContainerApp,
  deactivateRevision,
  findRevision,
  findRevisionTemplate,
  patchApp,
  readApp,
} from './app.ts';
import { type Decision, decideRestoration, type RestorationFacts } from './decide-restoration.ts';
import { parseRestoreData, type RestoreData, servedBefore, trafficBefore } from './restore-data.ts';
import { nameOfWayBack, suffixOf } from './revision-name.ts';
import { type RevisionState, toRevisionState } from './revision-state.ts';
import { hashTemplate, listSecretValues, toPatch, undoTemplate } from './template.ts';
import { readTraffic, toDocument } from './traffic-table.ts';

/** See `Workload.restore`: one look and at most one change. */
export async function restoreApp(
  opened: ContainerApp,
  { point, mark, elapsedMs }: { readonly point: RestorePoint; readonly mark: ChangeMark; readonly elapsedMs: number },
): Promise<Restoration> {
  // A cancel is often why something has to be put back, so it must not end the way back too.
  const app = { ...opened, io: neverCancelled(opened.io) };
  const data = parseRestoreData(point, app);
  const state = await readApp(app);
  const facts = await look(app, state, { data, mark });
  return await act(app, decideRestoration({ ...facts, elapsedMs }), { data, mark, state });
}

async function look(
  app: ContainerApp,
  state: AppState,
  { data, mark }: { readonly data: RestoreData; readonly mark: ChangeMark },
): Promise<Omit<RestorationFacts, 'elapsedMs'>> {
  const wayBack = nameOfWayBack(mark);
  const template = whose(state, { data, mark });
  const find = async (name: string): Promise<RevisionState | null> => {
    const found = await findRevision(app, name);
    return found && toRevisionState(found);
  };
  const served = [];
  for (const name of servedBefore(data)) served.push(await find(name));
  return {
    mode: data.mode,
    mark,
    wayBack,
    latestThen: data.latest,
    readyThen: data.ready,
    latest: state.latestRevision,
    latestReady: state.latestReady,
    busy: state.provisioningState === 'inprogress',
    hasFailed: state.provisioningState === 'failed',
    template,
    isTemplateBack: hashTemplate(state.template) === data.hash,
    trafficThen: trafficBefore(data),
    traffic: data.traffic === '' ? [] : readTraffic(state.traffic),
    ours: await find(mark),
    back: template === 'way-back' ? await find(wayBack) : null,
    served: served.filter((revision) => revision !== null),
  };
}

/** By the suffix, which the template keeps, also when no revision came of it. */
function whose(
  state: AppState,
  { data, mark }: { readonly data: RestoreData; readonly mark: ChangeMark },
): RestorationFacts['template'] {
  const suffix = textAt(state.template, 'revisionSuffix');
  if (mark === data.latest) return 'before';
  if (suffix === suffixOf(mark)) return 'ours';
  if (suffix === suffixOf(nameOfWayBack(mark))) return 'way-back';
  return state.latestRevision === data.latest ? 'before' : 'other';
}

interface Place {
  readonly data: RestoreData;
  readonly mark: ChangeMark;
  readonly state: AppState;
}

async function act(app: ContainerApp, decision: Decision, place: Place): Promise<Restoration> {
  switch (decision.act) {
    case 'none':
      return decision.answer;
    case 'activate':
      await activateRevision(app, decision.revision);
      return returning('ACTIVATING', `activated ${decision.revision} again`).answer;
    case 'deactivate':
      await deactivateRevision(app, decision.revision);
      return returning('DEACTIVATING', `deactivated ${decision.revision}`).answer;
    case 'move-traffic':
      await patchApp(app, { traffic: toDocument(decision.traffic) });
      return returning(
        'MOVING_TRAFFIC',
        `asked for the traffic of ${place.data.traffic === '' ? place.data.base : servedBefore(place.data).join(' and ')}`,
      ).answer;
    case 'put-back':
      return await putBack(app, place);
  }
}

/** Only what was ours in the present template; values are read from the old revision, which nobody can have changed. */
async function putBack(app: ContainerApp, { data, mark, state }: Place): Promise<Restoration> {
  const old = await findRevisionTemplate(app, data.base);
  if (!old) {
    return failed(`revision ${data.base}, which holds what ran before, is not there any more`).answer;
  }
  const template = undoTemplate(state.template, old);
  if (hashTemplate(template) !== data.hash) {
    throw new DeployError(
      'ROLLBACK_FAILED',
      `could not put back the template of ${app.resource}: more than ours changed`,
      {
        hint: `Compare it with revision ${data.base} (az containerapp revision show), and put it right by hand.`,
      },
    );
  }
  const wayBack = nameOfWayBack(mark);
  await patchApp(app, { template: toPatch(template, suffixOf(wayBack)) }, listSecretValues(template));
  return returning('PUTTING_BACK', `put the old template back, as ${wayBack}`).answer;
}
