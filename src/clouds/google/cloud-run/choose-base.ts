import { readIfThere } from '../../../io/read-optional.ts';
import { DeployError } from '../../../model/errors.ts';
import type { JsonObject } from '../../../model/json.ts';
import type { Base } from '../../../model/workload.ts';
import { isMadeByUs } from './our-revision.ts';
import { templateOfRevision } from './revision-template.ts';
import { type RunService, sayOnce } from './service.ts';
import { servingRevisions, templateOf, templateRevision } from './service-document.ts';
import { readRevisionDocument } from './service-wire.ts';
import { listConfigurationDifferences } from './template-differences.ts';

export interface ChosenBase {
  /** The template that our change is merged into. */
  readonly template: JsonObject;
  /** What serves: what the change is compared with. */
  readonly serving: JsonObject;
}

/**
 * The configuration that a change is merged into: see `EditChange.base`. Where the newest template serves, nothing more is
 * read; elsewhere one revision for each that serves as much as any other, and the newest.
 * @throws DeployError UNSUPPORTED where no one has chosen which configuration goes live
 */
export async function chooseBase(run: RunService, service: JsonObject, base: Base | null): Promise<ChosenBase> {
  const latest = templateOf(service);
  const newest = templateRevision(service);
  const names = largestShares(service);
  // What does not serve at all is refused by `captureRestorePoint`.
  if (names.length === 0 || (names.length === 1 && names[0] === newest)) return { template: latest, serving: latest };
  const candidates = await readCandidates(run, service, names);
  const first = candidates.find(({ name }) => name === newest) ?? candidates[0];
  if (!first) return { template: latest, serving: latest };
  const serving = first.template;
  if (base === 'latest') return { template: latest, serving };
  ensureOneConfiguration(run, first, candidates);
  if (base === 'serving' || (first.name !== newest && isMadeByUs(service))) {
    if (base === null) sayOnce(run, 'info', describePreview(newest, first.name));
    return { template: serving, serving };
  }
  const differences = listConfigurationDifferences(serving, latest);
  if (differences.length === 0) return { template: latest, serving };
  throw undecided(run, {
    why: `${newest} is newer than ${first.name}, which serves, and is configured differently`,
    differences,
    hint: 'Set `base: serving` to deploy with the configuration that serves, or `base: latest` with the newest.',
  });
}

/** A revision that serves, with its template in the words of the service's own. */
interface Candidate {
  readonly name: string;
  readonly template: JsonObject;
}

/** The revisions with the largest share of production. */
function largestShares(service: JsonObject): readonly string[] {
  const shares = servingRevisions(service);
  const most = Math.max(...shares.values());
  return [...shares].filter(([, percent]) => percent === most).map(([name]) => name);
}

/** One that was deleted is left out: `captureRestorePoint` refuses it, with what to do. */
async function readCandidates(
  run: RunService,
  service: JsonObject,
  names: readonly string[],
): Promise<readonly Candidate[]> {
  const template = templateOf(service);
  const newest = templateRevision(service);
  const known = { template, document: await readIfThere(() => readRevisionDocument(run, newest)) };
  const candidates: Candidate[] = [];
  for (const name of names) {
    const isNewest = name === newest;
    const document = isNewest ? null : await readIfThere(() => readRevisionDocument(run, name));
    if (isNewest) candidates.push({ name, template });
    else if (document) candidates.push({ name, template: templateOfRevision(document, known) });
  }
  return candidates;
}

function describePreview(newest: string, serving: string): string {
  return `${newest}, the newest revision, is a preview or an earlier attempt: the configuration of ${serving}, which serves, is the base`;
}

/** Equal shares: then it has to be the same whose configuration is taken. */
function ensureOneConfiguration(run: RunService, first: Candidate, candidates: readonly Candidate[]): void {
  for (const { name, template } of candidates) {
    const differences = listConfigurationDifferences(first.template, template);
    if (differences.length === 0) continue;
    throw undecided(run, {
      why: `${first.name} and ${name} have equal shares of the traffic, and are configured differently`,
      differences,
      hint:
        'Set `base: latest` to deploy with the newest configuration, or give one revision the larger share ' +
        `(gcloud run services update-traffic ${run.service} --region ${run.region} --project ${run.project} --to-revisions REVISION=100).`,
    });
  }
}

const MOST_NAMES = 20;

function undecided(
  run: RunService,
  { why, differences, hint }: { readonly why: string; readonly differences: readonly string[]; readonly hint: string },
): DeployError {
  const more = differences.length > MOST_NAMES ? `, and ${differences.length - MOST_NAMES} more` : '';
  const names = `${differences.slice(0, MOST_NAMES).join(', ')}${more}`;
  return new DeployError(
    'UNSUPPORTED',
    `could not choose the configuration to deploy to ${run.resource}: ${why}: ${names}`,
    { hint },
  );
}
