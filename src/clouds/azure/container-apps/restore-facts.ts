import { readIfPossible } from '../../../io/read-optional.ts';
import { DeployError, describeError, isTransient } from '../../../model/errors.ts';
import { textAt } from '../../../model/json.ts';
import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import { describeHolder } from '../../../model/rollout-marker.ts';
import { outstandingMs } from '../../../model/unanswered.ts';
import { type AppState, type ContainerApp, findRevision, listReplicas } from './app.ts';
import { isLeft } from './deactivate.ts';
import { firstSeenAt } from './first-seen.ts';
import { findRival, isBesidePreview } from './foreign.ts';
import { formatRelease } from './release-command.ts';
import { findLastingTrouble } from './replica-trouble.ts';
import type { RestorationFacts, Warmth } from './restoration-facts.ts';
import {
  followsWhenDone,
  previouslyServing,
  previousTraffic,
  type RestoreData,
  readRestoreData,
} from './restore-data.ts';
import { restoreRevisionName, suffixOf } from './revision-name.ts';
import { isUp, type RevisionState, toRevisionState, unknownRevision } from './revision-state.ts';
import { isMarkedBy } from './rollout-tags.ts';
import { hashTemplate } from './template.ts';
import { readTraffic } from './traffic-table.ts';
import { judgeWarmth } from './warm-up.ts';

export interface RestorationPlace {
  readonly point: RestorePoint;
  readonly mark: ChangeMark;
  readonly data: RestoreData;
  readonly state: AppState;
  readonly elapsedMs: number;
}

export async function readRestorationFacts(app: ContainerApp, place: RestorationPlace): Promise<RestorationFacts> {
  const { data, mark, state, elapsedMs } = place;
  const template = findOwner(place);
  const revisions = await readRevisions(app, place, template);
  return {
    ...describeApp(app, place),
    ...revisions,
    mode: data.mode,
    mark,
    restoreRevision: restoreRevisionName(mark),
    previousLatest: data.latest,
    previousReady: data.ready,
    template,
    isTemplateRestored: [data.hash, data.templateRevisionHash].includes(hashTemplate(state.template)),
    previousTraffic: previousTraffic(data),
    outstandingMs: outstandingMs(app.unanswered, app.io.clock),
    elapsedMs,
    warmth: judgeCopy(app, revisions),
    trouble: await findStartTrouble(app, revisions),
  };
}

function describeApp(app: ContainerApp, { point, mark, data, state }: RestorationPlace) {
  const rival = findRival(app, point.run, state);
  const found = rival && readRestoreData(rival.point);
  return {
    latest: state.latestRevision,
    latestReady: state.latestReady,
    busy: state.provisioningState === 'inprogress',
    hasFailed: state.provisioningState === 'failed',
    isMarked: point.run !== undefined && isMarkedBy(state.document, point.run.id),
    rival: rival && describeHolder(rival),
    doesRivalFollow: found === null || followsWhenDone(found, app.io.clock.now()),
    isBesidePreview: isBesidePreview({ mark, previous: data }, state),
    traffic: data.traffic === null ? [] : readTraffic(state.traffic),
    releaseCommand: formatRelease(app),
  };
}

/** By the suffix, which stays in the template also when no revision was made from it. */
function findOwner({ data, mark, state }: RestorationPlace): RestorationFacts['template'] {
  const suffix = textAt(state.template, 'revisionSuffix');
  if (mark === data.latest) return 'previous';
  if (suffix === suffixOf(mark)) return 'ours';
  if (suffix === suffixOf(restoreRevisionName(mark))) return 'restored';
  return state.latestRevision === data.latest ? 'previous' : 'other';
}

type Revisions = Pick<RestorationFacts, 'ours' | 'restored' | 'previouslyServing'>;

async function readRevisions(
  app: ContainerApp,
  { mark, data }: RestorationPlace,
  template: RestorationFacts['template'],
): Promise<Revisions> {
  const serving = [];
  for (const name of previouslyServing(data)) serving.push(await tryFind(app, name));
  const copy = restoreRevisionName(mark);
  return {
    ours: await tryFind(app, mark),
    restored: await findCopy(app, copy, template),
    previouslyServing: serving.filter((revision) => revision !== null),
  };
}

/** How long a read may fail for a reason that may pass, before the restoration goes on without it. */
const PATIENCE_MS = 15_000;

/** The revision that restores the template. */
async function findCopy(
  app: ContainerApp,
  name: string,
  template: RestorationFacts['template'],
): Promise<RevisionState | null> {
  if (template === 'other') {
    // Beside a newer deployment it is a leftover, if it was made at all: one that can't be read is taken for none.
    const found = await tryFind(app, name);
    return found?.mayBeInactive ? null : found;
  }
  const found = template === 'restored' ? await findRevision(app, name) : null;
  return found && withoutLeftover(app, toRevisionState(found));
}

/** null: there is no such revision. What can't be read does not keep the previous revision from being restored. */
async function tryFind(app: ContainerApp, name: string): Promise<RevisionState | null> {
  const trouble = `${name} can't be read`;
  try {
    const found = await findRevision(app, name);
    app.firstSeen.delete(trouble);
    return found && withoutLeftover(app, toRevisionState(found));
  } catch (error) {
    const triedMs = app.io.clock.now() - firstSeenAt(app, trouble);
    if (!(error instanceof DeployError) || (isTransient(error) && triedMs < PATIENCE_MS)) throw error;
    app.io.log.debug(`${describeError(error).message}; continuing without it`);
    const sent = app.sent.get(name);
    return unknownRevision(name, { active: sent !== 'deactivated', mayBeInactive: sent !== 'activated' });
  }
}

/** One that can't be deactivated was said to stay: the restoration ends without that. */
function withoutLeftover(app: ContainerApp, revision: RevisionState): RevisionState {
  return isLeft(app, revision.name) ? { ...revision, active: false } : revision;
}

function judgeCopy(app: ContainerApp, { restored, previouslyServing: from }: Revisions): Warmth {
  return restored && isUp(restored) ? judgeWarmth(app, { to: restored, from }) : 'warm';
}

/** A rollback is watched as a rollout is: a crash loop or an image that is gone is found in seconds. */
async function findStartTrouble(
  app: ContainerApp,
  { restored, previouslyServing: serving }: Revisions,
): Promise<string | null> {
  const starting = [restored, ...serving].find((revision) => revision?.active && !isUp(revision));
  if (!starting) return null;
  const replicas = await readIfPossible(app.io.log, 'noticing containers that fail early', () =>
    listReplicas(app, starting.name),
  );
  return findLastingTrouble(replicas);
}
