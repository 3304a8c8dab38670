import { ensureEdit } from '../../../model/change.ts';
import { DeployError } from '../../../model/errors.ts';
import { compareSizes } from '../../../model/instance-size.ts';
import { canonical, type JsonObject, listAt } from '../../../model/json.ts';
import type { Platform } from '../../../model/platform.ts';
import type { ChangeMark } from '../../../model/restore-point.ts';
import type { Change, ChangePlan } from '../../../model/workload.ts';
import { sizeOfContainers } from '../../size-of-containers.ts';
import { chooseBase } from './choose-base.ts';
import { ensurePermitted } from './permissions.ts';
import { ensurePullable } from './pullable.ts';
import { markOfContent, revisionNames } from './revision-name.ts';
import { findRevisionFailure } from './revision-state.ts';
import type { RunService } from './service.ts';
import {
  effectiveTraffic,
  formatShares,
  latestCreated,
  latestReady,
  progressOf,
  servesAlone,
  templateOf,
  templateRevision,
} from './service-document.ts';
import { readService, validateUpdate } from './service-wire.ts';
import { contentOf, editTemplate, listWarnings } from './template.ts';
import { listDifferences } from './template-differences.ts';
import { findRevision } from './typed-calls.ts';

// https://cloud.google.com/run/docs/container-contract#languages
const PLATFORM: Platform = { os: 'linux', architecture: 'amd64', variant: null };

/** The change compared with what the service is now; Google's own dry run says whether it would be accepted. */
export async function planChange(run: RunService, change: Change): Promise<ChangePlan> {
  const edit = ensureEdit(change, run.resource);
  const service = await readService(run);
  await ensurePermitted(run);
  ensurePullable(run, edit);
  const base = await chooseBase(run, service, edit.base);
  const edited = editTemplate(base.template, edit);
  const isEqual = isSameTemplate(templateOf(service), edited);
  if (!isEqual) await validate(run, edited);
  const differences = listDifferences(base.serving, edited);
  return {
    unchanged: isEqual && isLiveAlone(service),
    differences: isEqual ? [...differences, ...describeTraffic(service)] : differences,
    warnings: [...listWarnings(base.template, edited), ...warnOfNoInstance(edited)],
    size: compareSizes(sizeOf(base.serving), sizeOf(edited)),
    platform: PLATFORM,
  };
}

/** What will be sent. The mark is of its content, or the name of the revision where that is known before. */
export interface RevisionTemplate {
  readonly mark: ChangeMark;
  /** null: the service has this template already, and its revision is usable. */
  readonly template: JsonObject | null;
}

/**
 * Edits the base. The template gets no name, so that the next tool which changes it finds none: Google names the revision. Only
 * where nothing else would differ, a name says that one more revision is wanted. Sends no change.
 */
export async function templateFor(run: RunService, change: Change): Promise<RevisionTemplate> {
  const edit = ensureEdit(change, run.resource);
  const service = await readService(run);
  const live = templateOf(service);
  const { template } = await chooseBase(run, service, edit.base);
  const edited = editTemplate(template, edit);
  const isEqual = isSameTemplate(live, edited);
  // `force` on a service that is unchanged means a new revision of the same content.
  const wantsAnother = isEqual && isLiveAlone(service);
  const current = templateRevision(service);
  // The revision exists already: a preview or another user made it.
  if (isEqual && !wantsAnother && (await isUsable(run, current))) return { mark: current, template: null };
  // Taking out a name is a difference too.
  const isSame = isEqual && live['revision'] === undefined;
  if (!isSame) return { mark: markOfContent(run.service, edited), template: edited };
  const mark = await chooseName(run, edited);
  return { mark, template: { ...edited, revision: mark } };
}

async function chooseName(run: RunService, edited: JsonObject): Promise<string> {
  for (const name of revisionNames(run.service, edited)) {
    if ((await findRevision(run, name)) === null) return name;
  }
  throw new DeployError('DEPLOY_REJECTED', `could not name a revision of ${run.resource}: all names for it are taken`, {
    hint: 'Delete old revisions that failed (gcloud run revisions delete), then run again.',
  });
}

async function isUsable(run: RunService, name: string): Promise<boolean> {
  const found = await findRevision(run, name);
  return found === null || findRevisionFailure(found) === null;
}

/** No instance of the new revision is started to see whether it works. */
function warnOfNoInstance(edited: JsonObject): readonly string[] {
  if (edited['healthCheckDisabled'] !== true) return [];
  return ['The health check of the service is disabled: only smoke tests will show whether the new revision works.'];
}

function sizeOf(template: JsonObject) {
  return sizeOfContainers(listAt(template, 'containers'), 'limits');
}

function isSameTemplate(one: JsonObject, other: JsonObject): boolean {
  return canonical(contentOf(one)) === canonical(contentOf(other));
}

function isLiveAlone(service: JsonObject): boolean {
  const { reconciling, state } = progressOf(service);
  const isHealthy = !reconciling && state !== 'CONDITION_FAILED' && latestCreated(service) === latestReady(service);
  return isHealthy && servesAlone(service, templateRevision(service));
}

function describeTraffic(service: JsonObject): readonly string[] {
  const revision = templateRevision(service);
  if (servesAlone(service, revision)) return [];
  return [`traffic ${formatShares(effectiveTraffic(service))} -> ${revision} 100%`];
}

/** Without an etag, as nothing is written, and without a name, as a failed attempt may have used it. */
async function validate(run: RunService, edited: JsonObject): Promise<void> {
  try {
    await validateUpdate(run, { template: contentOf(edited) });
  } catch (error) {
    if (!isAboutImage(error)) throw error;
    run.io.log.debug(`${error.message}; going on, as the image may be copied only then`);
  }
}

/** By what Google says, which is the cause: our own message names the service, which may be called `image-api`. */
function isAboutImage(error: unknown): error is DeployError {
  if (!(error instanceof DeployError) || !['DEPLOY_REJECTED', 'NOT_FOUND'].includes(error.code)) return false;
  return error.cause instanceof Error && /\bimage\b/i.test(error.cause.message);
}
