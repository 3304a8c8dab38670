import { ensureEdit } from '../../../model/change.ts';
import { DeployError } from '../../../model/errors.ts';
import { compareSizes } from '../../../model/instance-size.ts';
import { type JsonObject, listAt, textAt } from '../../../model/json.ts';
import { nearest } from '../../../model/nearest.ts';
import type { ChangeMark } from '../../../model/restore-point.ts';
import type { Change, ChangePlan, EditChange } from '../../../model/workload.ts';
import { sizeOfContainers } from '../../size-of-containers.ts';
import { type AppState, type ContainerApp, findRevision, readApp } from './app.ts';
import { type BaseTemplate, readBase } from './base.ts';
import { ensureActive } from './ensure-active.ts';
import { findPinningRevision } from './pinned-by.ts';
import { followsWhenDone } from './restore-data.ts';
import { formatRevision, makeSuffix } from './revision-name.ts';
import { isUp, type RevisionState, toRevisionState } from './revision-state.ts';
import { editTemplate, isSameTemplate, listWarnings, readContainers } from './template.ts';
import { listDifferences } from './template-differences.ts';
import { readTraffic } from './traffic-table.ts';

/** Nothing else runs there: https://learn.microsoft.com/azure/container-apps/containers#limitations */
const PLATFORM = { os: 'linux', architecture: 'amd64', variant: null } as const;

/** Compares the change with what serves. */
export async function planChange(app: ContainerApp, given: Change): Promise<ChangePlan> {
  const change = ensureEdit(given, app.resource);
  const state = await readApp(app);
  ensureSecrets(change, state);
  await ensureActive(app, state);
  warnOfRegistries(app, change, state);
  const base = await readBase(app, state, change.base);
  const edited = editTemplate(base.template, change);
  const latest = isSameTemplate(state.template, edited) ? await findLatest(app, state) : null;
  const share = latest && serves(latest, state);
  const resumed =
    latest && isWaiting(latest, state) ? [`revision ${latest.name} already has this, without traffic`] : [];
  return {
    unchanged: share === true && state.provisioningState === 'succeeded',
    differences: [...describeDifferences(base, edited, state), ...resumed],
    warnings: listWarnings(base.template, edited),
    size: compareSizes(sizeOf(base.serving), sizeOf(edited)),
    platform: PLATFORM,
  };
}

function sizeOf(template: JsonObject) {
  return sizeOfContainers(readContainers(template));
}

function describeDifferences(base: BaseTemplate, edited: JsonObject, state: AppState): readonly string[] {
  const lines = listDifferences(base.serving, edited);
  if (lines.length > 0 || base.servingRevision === null) return lines;
  return [
    `what serves becomes the newest again: ${base.servingRevision} serves, ${state.latestRevision} is the newest`,
  ];
}

/** Our new revision: its name, and what it is made of. */
export interface ChosenRevision {
  readonly mark: ChangeMark;
  /** What the change is merged into; null: the app's template at the time when it is sent. */
  readonly base: JsonObject | null;
}

/** A name for our new revision, or the revision that has the change already: one that an earlier run left without traffic. */
export async function chooseRevision(app: ContainerApp, change: EditChange): Promise<ChosenRevision> {
  const state = await readApp(app);
  const base = await readBase(app, state, change.base);
  const isSame = isSameTemplate(state.template, editTemplate(base.template, change));
  const latest = isSame ? await findLatest(app, state) : null;
  if (latest && isWaiting(latest, state)) {
    app.io.log.info(`${latest.name} already has this image and configuration, and no traffic yet: continuing with it`);
    return { mark: latest.name, base: null };
  }
  const isNewest = base.template === state.template;
  if (!isNewest)
    app.io.log.info(`Merging into ${base.servingRevision}, which serves; ${state.latestRevision} does not.`);
  const now = app.io.clock.now();
  const followed = await isFollowed(app, state, now);
  return {
    mark: formatRevision(app.name, makeSuffix(now, { followed })),
    base: isNewest ? null : base.template,
  };
}

async function isFollowed(app: ContainerApp, state: AppState, nowMs: number): Promise<boolean> {
  if (state.ingress === null) return true;
  const pinnedBy = (await findPinningRevision(app, state)) ?? state.latestRevision;
  const traffic = readTraffic(state.traffic);
  return followsWhenDone({ latest: state.latestRevision, ready: state.latestReady, traffic, pinnedBy }, nowMs);
}

async function findLatest(app: ContainerApp, state: AppState): Promise<RevisionState | null> {
  const found = state.latestRevision === '' ? null : await findRevision(app, state.latestRevision);
  return found && toRevisionState(found);
}

function serves(latest: RevisionState, state: AppState): boolean {
  const isReady = isUp(latest) && state.latestReady === state.latestRevision;
  return isReady && (state.mode === 'single' || state.ingress === null || latest.share === 100);
}

function isWaiting(latest: RevisionState, state: AppState): boolean {
  return state.mode === 'multiple' && state.ingress !== null && isUp(latest) && latest.share === 0;
}

/**
 * A secret is named, never created: the app's secrets can't be read, and a change of one replaces them all.
 * @throws DeployError INPUT_INVALID that lists the names of the app's secrets
 */
function ensureSecrets({ secrets }: EditChange, { document }: AppState): void {
  const names = listAt(document, 'properties', 'configuration', 'secrets').map((secret) => textAt(secret, 'name'));
  for (const [variable, reference] of secrets) {
    if (names.includes(reference)) continue;
    const isAddress = /^https?:\/\//.test(reference);
    const what = isAddress ? 'it is the address of a secret' : 'the app has no secret of that name';
    const similar = isAddress ? null : nearest(reference, names);
    // The reference isn't repeated: it may be a secret that was pasted by mistake.
    throw new DeployError('INPUT_INVALID', `could not set ${variable} from a secret: ${what}`, {
      hint: similar ? `Did you mean ${similar}?` : secretHint(reference, names),
    });
  }
}

function secretHint(reference: string, names: readonly string[]): string {
  const value = /^https?:\/\//.test(reference) ? `keyvaultref:${reference},identityref:system` : '<value>';
  const has = names.length === 0 ? 'It has none yet' : `It has ${names.slice(0, 10).join(', ')}`;
  return `${has}: add it once (az containerapp secret set --secrets <name>=${value}), and write its name here.`;
}

/** The platform reports missing credentials only when the revision fails to start. */
function warnOfRegistries(app: ContainerApp, change: EditChange, { document }: AppState): void {
  const known = listAt(document, 'properties', 'configuration', 'registries').map((one) => textAt(one, 'server'));
  for (const { image } of change.images) {
    if (!/\.azurecr\.io$/.test(image.registry) || known.includes(image.registry) || app.warned.has(image.registry))
      continue;
    app.warned.add(image.registry);
    app.io.log.warning(
      `${app.resource} has no credentials for ${image.registry} and can't pull from it without them: az containerapp registry set --server ${image.registry} --identity system`,
    );
  }
}
