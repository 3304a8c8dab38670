import type { Io } from '../../../io/io.ts';
import { type JsonObject, objectAt, textAt } from '../../../model/json.ts';

/** What Google's console takes for "deployed by GitHub"; google-github-actions/deploy-cloudrun sets the same. */
const LABEL_KEYS = ['managed-by', 'commit-sha'] as const;

type OurLabels = Readonly<Record<(typeof LABEL_KEYS)[number], string | null>>;

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

/** Those that a run sets, as they are now. */
export function readLabels(service: JsonObject): OurLabels {
  const labels = objectAt(service, 'labels');
  return { 'managed-by': textAt(labels, 'managed-by') || null, 'commit-sha': textAt(labels, 'commit-sha') || null };
}

/** Which of them are still as the run set them, and had another value at capture: only those are restored. */
export function labelsToRestore(
  service: JsonObject,
  { ours, previous }: { readonly ours: OurLabels; readonly previous: OurLabels },
) {
  const now = readLabels(service);
  return LABEL_KEYS.filter((key) => ours[key] !== null && now[key] === ours[key] && previous[key] !== ours[key]);
}

export function withPreviousLabels(
  service: JsonObject,
  labels: { readonly ours: OurLabels; readonly previous: OurLabels },
): JsonObject {
  const keys = labelsToRestore(service, labels);
  const kept = Object.entries(objectAt(service, 'labels')).filter(([name]) => !keys.some((key) => key === name));
  const restored = keys.flatMap((key) => {
    const value = labels.previous[key];
    return value === null ? [] : [[key, value] as const];
  });
  return Object.fromEntries([...kept, ...restored]);
}
