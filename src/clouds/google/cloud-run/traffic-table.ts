import type { TrafficEntry } from './service-document.ts';

/** What a rollout moves: our revision, under a tag of ours. */
export interface OurRevision {
  readonly revision: string;
  readonly tag: string;
  /** Tags that the table had before our change. */
  readonly previousTags: readonly string[];
}

/** How the user has traffic assigned: to whatever is newest, or to revisions by name. */
export type TrafficStyle = 'latest' | 'pinned';

export function styleOf(requested: readonly TrafficEntry[]): TrafficStyle {
  const serving = requested.filter(({ percent }) => percent > 0);
  // No entry at all means the latest.
  return serving.length === 0 || serving.some(({ revision }) => revision === null) ? 'latest' : 'pinned';
}

/** `serving` (all by name) with our revision at `percent`, and the rest shared by the others as they share it now. */
export function withOurs(
  serving: readonly TrafficEntry[],
  ours: OurRevision,
  percent: number,
): readonly TrafficEntry[] {
  const others = serving.filter((entry) => !isOurs(entry, ours));
  const shares = shareOut(
    others.map((entry) => entry.percent),
    100 - percent,
  );
  const kept = others.map((entry, index) => ({ ...entry, percent: shares[index]! }));
  // An entry with neither a share nor a tag has no effect.
  return [
    ...kept.filter((entry) => entry.percent > 0 || entry.tag !== null),
    { revision: ours.revision, percent, tag: ours.tag },
  ];
}

/** The user's own form, with everything on our revision, our tag gone and every other tag where it was. */
export function finished(
  requested: readonly TrafficEntry[],
  { ours, style }: { readonly ours: OurRevision; readonly style: TrafficStyle },
): readonly TrafficEntry[] {
  const tagged = requested.filter((entry) => entry.tag !== null && entry.tag !== ours.tag);
  if (style === 'pinned') return [{ revision: ours.revision, percent: 100, tag: null }, ...tagged.map(withoutShare)];
  // A tag of the entry that follows the latest stays on that entry.
  const following = tagged.find(({ revision, percent }) => revision === null && percent > 0);
  const others = tagged.filter((entry) => entry !== following).map(withoutShare);
  return [{ revision: null, percent: 100, tag: following?.tag ?? null }, ...others];
}

/** The same lines, whatever their order; a revision's shares under several tags are told apart. */
export function isSameTraffic(one: readonly TrafficEntry[], other: readonly TrafficEntry[]): boolean {
  const text = (entries: readonly TrafficEntry[]): string =>
    withDefault(entries)
      .map(({ revision, percent, tag }) => JSON.stringify([revision, percent, tag]))
      .sort()
      .join();
  return text(one) === text(other);
}

/** `entries`, with the tags without a share as another user added or moved them meanwhile. */
export function keepingTags(
  entries: readonly TrafficEntry[],
  current: readonly TrafficEntry[],
  ours: OurRevision,
): readonly TrafficEntry[] {
  const kept = entries.map((entry) => movedTag(entry, current, ours) ?? entry);
  return [...kept, ...listExtraTags(entries, current, ours)];
}

/** The tag's present place, where it has no share in both: a pull request's preview that was deployed again. */
function movedTag(
  { percent, tag }: TrafficEntry,
  current: readonly TrafficEntry[],
  ours: OurRevision,
): TrafficEntry | null {
  if (percent > 0 || tag === null || tag === ours.tag) return null;
  return current.find((entry) => entry.tag === tag && entry.percent === 0) ?? null;
}

/** As `isSameTraffic`, whatever tags without a share another user added. */
export function isAsRequested(
  requested: readonly TrafficEntry[],
  current: readonly TrafficEntry[],
  ours: OurRevision,
): boolean {
  return isSameTraffic(keepingTags(requested, current, ours), current);
}

/** The same revisions with the same shares of production, whatever the tags. Both by name. */
export function isSameShares(one: readonly TrafficEntry[], other: readonly TrafficEntry[]): boolean {
  const text = (entries: readonly TrafficEntry[]): string => {
    const shares = new Map<string, number>();
    for (const { revision, percent } of entries) {
      if (percent > 0) shares.set(revision ?? '', (shares.get(revision ?? '') ?? 0) + percent);
    }
    return JSON.stringify([...shares].sort());
  };
  return text(one) === text(other);
}

/** Does our revision get everything, by name or as the latest? */
export function isAllOurs(entries: readonly TrafficEntry[], { revision }: OurRevision): boolean {
  return entries.every((entry) => entry.percent === 0 || entry.revision === null || entry.revision === revision);
}

/** Does it give our revision a share or a tag of ours? */
export function holdsOurs(entries: readonly TrafficEntry[], ours: OurRevision): boolean {
  return entries.some((entry) => entry.tag === ours.tag || (entry.revision === ours.revision && entry.percent > 0));
}

/**
 * `requested` without our revision's share and tag. Where only revisions of `previous` are left beside it, it is the
 * previous table; else whoever changed it keeps the proportions.
 */
export function withoutOurs(
  requested: readonly TrafficEntry[],
  ours: OurRevision,
  previous: readonly TrafficEntry[],
): readonly TrafficEntry[] {
  const others = requested.filter((entry) => entry.tag !== ours.tag && entry.revision !== ours.revision);
  const known = new Set(previous.map(({ revision }) => revision));
  const isPrevious = others.every(({ revision, percent }) => percent === 0 || known.has(revision));
  if (isPrevious) return previous;
  const shares = shareOut(
    others.map(({ percent }) => percent),
    100,
  );
  return others.map((entry, index) => ({ ...entry, percent: shares[index]! }));
}

function listExtraTags(
  entries: readonly TrafficEntry[],
  current: readonly TrafficEntry[],
  ours: OurRevision,
): readonly TrafficEntry[] {
  const known = new Set([ours.tag, ...ours.previousTags, ...entries.map(({ tag }) => tag)]);
  return current.filter(({ tag, percent }) => tag !== null && percent === 0 && !known.has(tag));
}

function isOurs(entry: TrafficEntry, ours: OurRevision): boolean {
  // A tag that another user gave the same revision stays.
  return entry.tag === ours.tag || (entry.revision === ours.revision && entry.tag === null);
}

function withDefault(entries: readonly TrafficEntry[]): readonly TrafficEntry[] {
  return entries.length > 0 ? entries : [{ revision: null, percent: 100, tag: null }];
}

function withoutShare(entry: TrafficEntry): TrafficEntry {
  return { ...entry, percent: 0 };
}

/** Whole numbers in the proportions of `weights` that sum to `total`: the largest remainders get what is left. */
function shareOut(weights: readonly number[], total: number): readonly number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  if (sum === 0) return weights.map(() => 0);
  const exact = weights.map((weight) => (weight * total) / sum);
  const shares = exact.map(Math.floor);
  const left = total - shares.reduce((all, share) => all + share, 0);
  const byRemainder = exact
    .map((value, index) => ({ index, rest: value - shares[index]! }))
    .sort((a, b) => b.rest - a.rest);
  for (const { index } of byRemainder.slice(0, left)) shares[index]! += 1;
  return shares;
}
