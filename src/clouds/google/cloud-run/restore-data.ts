import { DeployError } from '../../../model/errors.ts';
import type { RestorePoint } from '../../../model/workload.ts';
import type { OurLabels } from './labels.ts';
import type { RunService } from './service.ts';
import type { TrafficEntry } from './service-document.ts';

/** What `RestorePoint.data` holds for Cloud Run. */
export interface RestoreData {
  /** Of the service then: whoever changes it makes it larger. */
  readonly generation: number;
  /** Hash of its template's content, and the name that the template had; null: none. */
  readonly template: string;
  readonly named: string | null;
  /** The revision that is put back, and whether it is the one that the template stood for. */
  readonly back: string;
  readonly isTemplates: boolean;
  /** Images of its containers, in order, as the template names them; null: as the revision does. */
  readonly images: readonly string[] | null;
  /** Traffic in the user's own form, and the form by name of what served. */
  readonly wanted: readonly TrafficEntry[];
  readonly serves: readonly TrafficEntry[];
  readonly labels: OurLabels;
}

/** The engine's journal holds 4 kB, and a restore point is half of it. */
const MAX_BYTES = 2_000;

/** @throws DeployError UNSUPPORTED for a traffic table that is too long to be written down */
export function toRestorePoint(run: RunService, data: RestoreData, revision: string): RestorePoint {
  const { generation, template, named, back, images, labels } = data;
  const point: RestorePoint = {
    resource: run.resource,
    revision,
    data: {
      ...{ generation, template, named, back, isTemplates: data.isTemplates ? 1 : 0 },
      images: images && JSON.stringify(images),
      wanted: toText(data.wanted),
      serves: toText(data.serves),
      managedBy: labels['managed-by'],
      commitSha: labels['commit-sha'],
    },
  };
  const size = Buffer.byteLength(JSON.stringify(point));
  if (size <= MAX_BYTES) return point;
  const why = `its traffic table has ${data.wanted.length} entries, more than can be kept in the job's state`;
  throw new DeployError('UNSUPPORTED', `could not promise to put back what runs in ${run.resource}: ${why}`, {
    hint: 'Remove traffic tags that nobody uses: gcloud run services update-traffic --remove-tags.',
  });
}

/** @throws DeployError JOURNAL_INVALID when it is of another service, or of another version of this code */
export function parseRestoreData(point: RestorePoint, run: RunService): RestoreData {
  if (point.resource !== run.resource) {
    throw new DeployError('JOURNAL_INVALID', `could not restore ${point.resource}: this is ${run.resource}`, {
      hint: 'Set the input `project`, so that a later step that changes the job’s project does not matter.',
    });
  }
  try {
    return readData(point.data);
  } catch (error) {
    throw new DeployError('JOURNAL_INVALID', `could not restore ${point.resource}: the restore point is not complete`, {
      hint: 'Look at what is live and put it right by hand: this run may have left a half-finished deployment.',
      cause: error,
    });
  }
}

function readData(data: RestorePoint['data']): RestoreData {
  const text = (name: string): string => {
    const value = data[name];
    if (typeof value !== 'string') throw new TypeError(`${name} is missing`);
    return value;
  };
  const maybe = (name: string): string | null => (data[name] === null ? null : text(name));
  if (typeof data['generation'] !== 'number') throw new TypeError('generation is missing');
  const images = maybe('images');
  return {
    generation: data['generation'],
    template: text('template'),
    named: maybe('named'),
    back: text('back'),
    isTemplates: data['isTemplates'] === 1,
    images: images === null ? null : (JSON.parse(images) as string[]),
    wanted: toEntries(text('wanted')),
    serves: toEntries(text('serves')),
    labels: { 'managed-by': maybe('managedBy'), 'commit-sha': maybe('commitSha') },
  };
}

function toText(entries: readonly TrafficEntry[]): string {
  return JSON.stringify(entries.map(({ revision, percent, tag }) => [revision, percent, tag]));
}

function toEntries(text: string): readonly TrafficEntry[] {
  const rows = JSON.parse(text) as readonly (readonly [string | null, number, string | null])[];
  return rows.map(([revision, percent, tag]) => ({ revision, percent, tag }));
}
