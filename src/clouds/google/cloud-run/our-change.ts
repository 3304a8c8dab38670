import { type JsonObject, textAt } from '../../../model/json.ts';
import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import { ourRevision } from './our-revision.ts';
import type { RestoreData } from './restore-data.ts';
import { hashOfMark, hashTemplate } from './revision-name.ts';
import { holderOf, readMarker, type ServiceMarker } from './rollout-annotation.ts';
import type { RunService } from './service.ts';
import { latestCreated, latestReady, progressOf, templateOf } from './service-document.ts';
import type { OurRevision } from './traffic-table.ts';

/** Our revision, and how the template is recognized that our change leaves in the service. */
export interface OurChange extends OurRevision {
  readonly template: SentTemplate;
}

interface SentTemplate {
  /** '': none, so the platform names the revision. */
  readonly name: string;
  /** Of its content; null: the name stands for one content permanently. */
  readonly hash: string | null;
}

/** Which change, and what was there before it. */
export interface OwnChange {
  readonly mark: ChangeMark;
  readonly point: RestorePoint;
  readonly data: RestoreData;
}

export interface FoundChange {
  /** Its revision is '' where the name is not known: then no traffic was given to it by name. */
  readonly ours: OurChange;
  /** Is the service's template the one that our change leaves? */
  readonly isTemplate: boolean;
}

/** Does our change only give traffic to the newest revision, which was there before? */
export function isAdopted(mark: ChangeMark, data: RestoreData): boolean {
  return mark === data.newest;
}

/** The same in any process, while the marker is there. */
export function findOurs(run: RunService, service: JsonObject, own: OwnChange): FoundChange {
  const marker = holderOf(service, own.point.run) === 'ours' ? readMarker(service) : null;
  const template = sentTemplate(own, marker);
  const isTemplate = hasOurTemplate(service, { template }) || isFirstChange(service, own, marker);
  const revision = findName(run, service, { ...own, marker, isTemplate });
  // As it is stored, which may be more than what was sent.
  const hash = isTemplate && template.hash !== null ? hashTemplate(templateOf(service)) : template.hash;
  return { ours: { ...ourRevision(run, revision, own.data), template: { ...template, hash } }, isTemplate };
}

/**
 * Is the service's template the one that our change leaves? The newest revision does not say it: another user's template is,
 * for a second, shown beside ours as the latest revision.
 */
export function hasOurTemplate(
  service: JsonObject,
  { template: { name, hash } }: Pick<OurChange, 'template'>,
): boolean {
  const template = templateOf(service);
  return textAt(template, 'revision') === name && (hash === null || hashTemplate(template) === hash);
}

/**
 * Name of a revision that a finished rollout has made, by this process, or by another one while its template is the newest.
 * '': there is none.
 */
export function findLiveName(run: RunService, service: JsonObject, mark: ChangeMark): string {
  const hash = hashOfMark(mark);
  if (hash === null) return mark;
  const known = run.made.get(mark);
  if (known !== undefined) return known;
  return hasOurTemplate(service, { template: { name: '', hash } }) ? latestCreated(service) : '';
}

function sentTemplate({ mark, data }: OwnChange, marker: ServiceMarker | null): SentTemplate {
  if (isAdopted(mark, data)) return { name: data.templateName ?? '', hash: data.templateHash };
  const hash = hashOfMark(mark);
  return hash === null ? { name: mark, hash } : { name: '', hash: marker?.template ?? hash };
}

/** Nothing was changed since capture but by our first request: then its template is there, in whatever form it is stored. */
function isFirstChange(service: JsonObject, { data }: OwnChange, marker: ServiceMarker | null): boolean {
  return marker?.phase === 'creating' && progressOf(service).generation === data.generation + 1;
}

interface Naming extends OwnChange {
  readonly marker: ServiceMarker | null;
  readonly isTemplate: boolean;
}

/**
 * The marker has the name soon after Google has made the revision, and then it is in the traffic too. Before that, ours is the
 * first that wasn't there at capture, while the template is ours.
 */
function findName(run: RunService, service: JsonObject, { mark, data, marker, isTemplate }: Naming): string {
  if (hashOfMark(mark) === null) return mark;
  const noted = marker?.made ?? run.made.get(mark);
  if (noted !== undefined) return noted;
  const [newest, known] = [latestCreated(service), revisionsAtCapture(data)];
  if (isTemplate) return known.has(newest) ? '' : newest;
  const ready = latestReady(service);
  // Another template came before the name was noted: ours may have become ready before that one's.
  return marker && ready !== newest && !known.has(ready) ? ready : '';
}

function revisionsAtCapture({ newest, previous, serving, requested }: RestoreData): ReadonlySet<string> {
  return new Set([newest, previous, ...[...serving, ...requested].flatMap(({ revision }) => revision ?? [])]);
}
