import type { Revision } from '@azure/arm-appcontainers';
import { DeployError } from '../../../model/errors.ts';
import { type JsonObject, textAt } from '../../../model/json.ts';
import type { Base } from '../../../model/workload.ts';
import { type AppState, type ContainerApp, findRevision, findRevisionTemplate } from './app.ts';
import { findOurRevision, formatRevision, suffixOf } from './revision-name.ts';
import { hasFailed, isUp, toRevisionState } from './revision-state.ts';
import { isSameTemplate } from './template.ts';
import { listConfigurationDifferences } from './template-differences.ts';
import { isName, leadingRevisions, readTraffic } from './traffic-table.ts';

/** What a change is merged into, and what it is compared with. */
export interface BaseTemplate {
  readonly template: JsonObject;
  /** As it serves; the app's own where its newest revision serves. */
  readonly serving: JsonObject;
  /** Name of the revision that serves; null: the newest does, and none was read. */
  readonly servingRevision: string | null;
}

/**
 * See `EditChange.base`. A revision without traffic, or one that never became ready, stays in the app's template, which
 * would take it into production with the next deploy. What serves is read from its revision, which can't be changed.
 * @throws DeployError UNSUPPORTED where no one has chosen what goes live
 */
export async function readBase(app: ContainerApp, state: AppState, base: Base | null): Promise<BaseTemplate> {
  const leading = findLeading(state);
  const newest = { template: state.template, serving: state.template, servingRevision: null };
  if (leading.length === 0 || (leading.length === 1 && isNewest(state, leading[0]!))) return newest;
  const serving = await readServing(app, leading, { state, base });
  if (isSameTemplate(state.template, serving.template)) return newest;
  const latest = { template: state.template, serving: serving.template, servingRevision: serving.revision };
  if (base !== null) return base === 'latest' ? latest : { ...latest, template: serving.template };
  if (findOurRevision(newestName(app, state), app.io.clock.now())) return { ...latest, template: serving.template };
  const names = listConfigurationDifferences(serving.template, state.template);
  if (names.length === 0 || (await mayStillServe(app, state))) return latest;
  const newestIs = describeNewest(newestName(app, state), serving.revision);
  const what = `${newestIs} is the newest but ${serving.revision} serves, and they differ in more than images`;
  throw undecided(app, `${what}: ${names.join(', ')}`, CHOOSE);
}

const CHOOSE =
  'Choose what the change is merged into: `base: serving` (the configuration that serves) or `base: latest` (the newest).';

/** None: no revision is ready. */
function findLeading({ mode, ingress, traffic, latestReady }: AppState): readonly string[] {
  if (latestReady === '') return [];
  return mode === 'multiple' && ingress ? leadingRevisions(readTraffic(traffic), latestReady) : [latestReady];
}

/** Also the template of a change that failed stays in the app, without a revision. */
function isNewest({ latestRevision, template, provisioningState }: AppState, serving: string): boolean {
  const suffix = textAt(template, 'revisionSuffix');
  const isItsTemplate = suffix === '' || isName(suffix, suffixOf(latestRevision));
  return isName(latestRevision, serving) && isItsTemplate && provisioningState !== 'failed';
}

/** The newest template's revision, whether or not one was made of it. */
function newestName(app: ContainerApp, { template, latestRevision }: AppState): string {
  const suffix = textAt(template, 'revisionSuffix');
  return suffix === '' ? latestRevision : formatRevision(app.name, suffix);
}

function describeNewest(name: string, serving: string): string {
  return isName(name, serving) ? 'a template that Azure made no revision of' : `revision ${name}`;
}

interface Serving {
  readonly revision: string;
  readonly template: JsonObject;
}

/** @throws DeployError UNSUPPORTED where several have the same share, and differ in more than their images */
async function readServing(
  app: ContainerApp,
  leading: readonly string[],
  { state, base }: { readonly state: AppState; readonly base: Base | null },
): Promise<Serving> {
  // Of equals, the newest is what a change was merged into before.
  const sorted = [...leading].sort((a, b) => Number(isNewest(state, b)) - Number(isNewest(state, a)));
  const [first, ...others] = await Promise.all(sorted.map((revision) => readTemplate(app, revision)));
  for (const other of base === 'latest' ? [] : others) {
    const names = listConfigurationDifferences(first!.template, other.template);
    if (names.length === 0) continue;
    const what = `${first!.revision} and ${other.revision} have the same share of the traffic and differ in more than images`;
    throw undecided(app, `${what}: ${names.join(', ')}`, 'Give one of them a larger share, or set `base: latest`.');
  }
  return first!;
}

async function readTemplate(app: ContainerApp, revision: string): Promise<Serving> {
  const template = await findRevisionTemplate(app, revision);
  if (template) return { revision, template };
  throw undecided(
    app,
    `revision ${revision}, which serves, does not exist any more`,
    'Get one revision running first.',
  );
}

/** Traffic will go to it by itself, as whoever made it wanted: the readiness check waits for it. */
async function mayStillServe(app: ContainerApp, state: AppState): Promise<boolean> {
  if (state.provisioningState === 'inprogress') return true;
  const found = state.latestRevision === '' ? null : await findRevision(app, state.latestRevision);
  return found !== null && isComingUp(state, found, app.io.clock.now());
}

/**
 * Another user's newest revision, made a moment ago and not up yet, that the traffic will go to by itself. ARM says
 * "Succeeded" before that (Azure/azure-cli-extensions#6251), for example to a step with Terraform that ran before ours.
 */
export function isComingUp(state: AppState, newest: Revision, nowMs: number): boolean {
  const isYoung = nowMs - (newest.createdTime?.getTime() ?? 0) < LONGEST_START_MS;
  return isYoung && !findOurRevision(state.latestRevision, nowMs) && isAwaited(state, newest);
}

/** A newest revision that is not up yet, and that the traffic will go to by itself. Azure has not given it up either. */
export function isAwaited(state: AppState, newest: Revision): boolean {
  const { mode, ingress, traffic, latestRevision, latestReady } = state;
  const followed =
    mode === 'single' ||
    !ingress ||
    readTraffic(traffic).some(({ revision, weight }) => revision === null && weight > 0);
  if (!followed || isName(latestReady, latestRevision)) return false;
  const now = toRevisionState(newest);
  return now.active && !isUp(now) && !hasFailed(now);
}

const LONGEST_START_MS = 120_000;

function undecided(app: ContainerApp, why: string, hint: string): DeployError {
  return new DeployError('UNSUPPORTED', `could not choose what to deploy to ${app.resource}: ${why}`, { hint });
}
