import type { Io } from '../../../io/io.ts';
import { type JsonObject, objectAt, textAt } from '../../../model/json.ts';

/** What Google's console takes for "deployed by GitHub"; google-github-actions/deploy-cloudrun sets the same. */
export const LABEL_KEYS = ['managed-by', 'commit-sha'] as const;

export type OurLabels = Readonly<Record<(typeof LABEL_KEYS)[number], string | null>>;

/** What a run sets. A value that is no label (letters, digits, - and _, 63 at most) is left out. */
export function labelsOfRun(io: Pick<Io, 'env'>): OurLabels {
  const sha = (io.env['GITHUB_SHA'] ?? '').toLowerCase();
  return { 'managed-by': 'github-actions', 'commit-sha': /^[0-9a-f]{1,63}$/.test(sha) ? sha : null };
}

/** The service's labels with ours, and no other touched. */
export function withLabels(service: JsonObject, ours: OurLabels): JsonObject {
  const set = Object.entries(ours).filter(([, value]) => value !== null);
  return { ...objectAt(service, 'labels'), ...Object.fromEntries(set) };
}

/** What they were before a run set them. */
export function readLabels(service: JsonObject): OurLabels {
  const labels = objectAt(service, 'labels');
  return { 'managed-by': textAt(labels, 'managed-by') || null, 'commit-sha': textAt(labels, 'commit-sha') || null };
}

/** Which of them are still as the run set them, and were something else before: only those are restored. */
export function labelsToPutBack(
  service: JsonObject,
  { ours, before }: { readonly ours: OurLabels; readonly before: OurLabels },
) {
  const now = readLabels(service);
  return LABEL_KEYS.filter((key) => ours[key] !== null && now[key] === ours[key] && before[key] !== ours[key]);
}

export function withLabelsBefore(
  service: JsonObject,
  labels: { readonly ours: OurLabels; readonly before: OurLabels },
): JsonObject {
  const keys = labelsToPutBack(service, labels);
  const kept = Object.entries(objectAt(service, 'labels')).filter(([name]) => !keys.some((key) => key === name));
  const back = keys.flatMap((key) => (labels.before[key] === null ? [] : [[key, labels.before[key]] as const]));
  return Object.fromEntries([...kept, ...back]);
}
