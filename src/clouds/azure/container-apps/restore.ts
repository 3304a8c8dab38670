import { neverAborted } from '../../../io/signals.ts';
import { DeployError } from '../../../model/errors.ts';
import { type JsonObject, textAt } from '../../../model/json.ts';
import type { ChangeMark, Restoration, RestorePoint } from '../../../model/restore-point.ts';
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
import {
  leadingBefore,
  parseRestoreData,
  previouslyServing,
  previousTraffic,
  type RestoreData,
} from './restore-data.ts';
import { restoreRevisionName, suffixOf } from './revision-name.ts';
import { type RevisionState, toRevisionState } from './revision-state.ts';
import { hashTemplate, isSameTemplate, listSecretValues, toPatch, undoTemplate } from './template.ts';
import { isName, readTraffic, toDocument } from './traffic-table.ts';

/** See `Workload.restore`: reads the app and sends at most one change. */
export async function restoreApp(
  opened: ContainerApp,
  { point, mark, elapsedMs }: { readonly point: RestorePoint; readonly mark: ChangeMark; readonly elapsedMs: number },
): Promise<Restoration> {
  // A cancel is often the reason for a rollback, so it must not end the rollback too.
  const app = { ...opened, signal: neverAborted };
  const data = parseRestoreData(point, app);
  const state = await readApp(app);
  const facts = await readFacts(app, state, { data, mark });
  return await act(app, decideRestoration({ ...facts, elapsedMs }), { data, mark, state });
}

async function readFacts(
  app: ContainerApp,
  state: AppState,
  { data, mark }: { readonly data: RestoreData; readonly mark: ChangeMark },
): Promise<Omit<RestorationFacts, 'elapsedMs'>> {
  const restoreRevision = restoreRevisionName(mark);
  const template = findOwner(state, { data, mark });
  const find = async (name: string): Promise<RevisionState | null> => {
    const found = await findRevision(app, name);
    return found && toRevisionState(found);
  };
  const serving = [];
  for (const name of previouslyServing(data)) serving.push(await find(name));
  return {
    mode: data.mode,
    mark,
    restoreRevision,
    previousLatest: data.latest,
    previousReady: data.ready,
    latest: state.latestRevision,
    latestReady: state.latestReady,
    busy: state.provisioningState === 'inprogress',
    hasFailed: state.provisioningState === 'failed',
    template,
    isTemplateRestored: [data.hash, data.baseHash].includes(hashTemplate(state.template)),
    previousTraffic: previousTraffic(data),
    traffic: data.traffic === null ? [] : readTraffic(state.traffic),
    ours: await find(mark),
    restored: template === 'restored' ? await find(restoreRevision) : null,
    previouslyServing: serving.filter((revision) => revision !== null),
  };
}

/** By the suffix, which stays in the template also when no revision was made from it. */
function findOwner(
  state: AppState,
  { data, mark }: { readonly data: RestoreData; readonly mark: ChangeMark },
): RestorationFacts['template'] {
  const suffix = textAt(state.template, 'revisionSuffix');
  if (mark === data.latest) return 'previous';
  if (suffix === suffixOf(mark)) return 'ours';
  if (suffix === suffixOf(restoreRevisionName(mark))) return 'restored';
  return state.latestRevision === data.latest ? 'previous' : 'other';
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
      return returning('ACTIVATING', `rollback requested: activated ${decision.revision} again`).answer;
    case 'deactivate':
      await deactivateRevision(app, decision.revision);
      return returning('DEACTIVATING', `deactivated ${decision.revision}`).answer;
    case 'move-traffic':
      await patchApp(app, { traffic: toDocument(decision.traffic) });
      return returning(
        'MOVING_TRAFFIC',
        `rollback requested: moving the traffic to ${previouslyServing(place.data).join(' and ')}`,
      ).answer;
    case 'restore-template':
      return await restoreTemplate(app, place);
  }
}

/** Changes only what was ours in the present template. Values are read from the old revision, which can't be changed. */
async function restoreTemplate(app: ContainerApp, { data, mark, state }: Place): Promise<Restoration> {
  const old = await findRevisionTemplate(app, data.base);
  if (!old) {
    return failed(`revision ${data.base}, which holds the previous template, does not exist any more`).answer;
  }
  const undone = undoTemplate(state.template, old);
  const isUndone = hashTemplate(undone) === data.hash;
  if (!isUndone && !(await isFromServing(app, state, { data, old }))) {
    throw new DeployError(
      'ROLLBACK_FAILED',
      `could not restore the template of ${app.resource}: more than our change is in it`,
      {
        hint: `Compare it with revision ${data.base} (az containerapp revision show), and correct it by hand.`,
      },
    );
  }
  const template = isUndone ? undone : old;
  const name = restoreRevisionName(mark);
  const patch = toPatch(state.template, template, suffixOf(name));
  await patchApp(app, { template: patch }, listSecretValues(template));
  return returning('RESTORING_TEMPLATE', `rollback requested: restoring the previous template as ${name}`).answer;
}

/** Is the app's template the one that served, with a change of images and variables? Then ours was merged into that. */
async function isFromServing(
  app: ContainerApp,
  state: AppState,
  { data, old }: { readonly data: RestoreData; readonly old: JsonObject },
): Promise<boolean> {
  const leading = leadingBefore(data);
  const serving = isName(leading, data.base) ? old : await findRevisionTemplate(app, leading);
  return serving !== null && isSameTemplate(undoTemplate(state.template, serving), serving);
}
