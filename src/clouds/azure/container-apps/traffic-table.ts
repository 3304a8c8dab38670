import { type JsonObject, textAt } from '../../../model/json.ts';

/** One entry of `ingress.traffic`, as far as decisions are made by it. */
export interface TrafficEntry {
  /** null: whichever revision is the latest that is ready. */
  readonly revision: string | null;
  readonly weight: number;
  /** null: none. */
  readonly label: string | null;
}

/** Without any entry all traffic goes to the latest revision that is ready. */
export function readTraffic(traffic: readonly JsonObject[]): readonly TrafficEntry[] {
  if (traffic.length === 0) return [{ revision: null, weight: 100, label: null }];
  return traffic.map((entry) => ({
    revision: entry['latestRevision'] === true ? null : textAt(entry, 'revisionName'),
    weight: typeof entry['weight'] === 'number' ? entry['weight'] : 0,
    label: textAt(entry, 'label') || null,
  }));
}

export function toDocument(traffic: readonly TrafficEntry[]): readonly JsonObject[] {
  return traffic.map(({ revision, weight, label }) => ({
    ...(revision === null ? { latestRevision: true } : { revisionName: revision }),
    weight,
    ...(label === null ? {} : { label }),
  }));
}

/** In any order, and without regard to case. */
export function isSameTraffic(one: readonly TrafficEntry[], other: readonly TrafficEntry[]): boolean {
  const sorted = (traffic: readonly TrafficEntry[]): string =>
    traffic
      .map(({ revision, weight, label }) => JSON.stringify([revision, weight, label]).toLowerCase())
      .sort()
      .join();
  return sorted(one) === sorted(other);
}

/** The same revisions have the same shares, whatever labels there are. */
export function hasSameShares(one: readonly TrafficEntry[], other: readonly TrafficEntry[]): boolean {
  return sharesOf(one) === sharesOf(other);
}

function sharesOf(traffic: readonly TrafficEntry[]): string {
  const shares = new Map<string, number>();
  for (const { revision, weight } of traffic) {
    const name = revision?.toLowerCase() ?? '';
    if (weight > 0) shares.set(name, (shares.get(name) ?? 0) + weight);
  }
  return JSON.stringify([...shares].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Entries with a label that was not there before: another user's. */
export function listAddedLabels(
  now: readonly TrafficEntry[],
  previous: readonly TrafficEntry[],
): readonly TrafficEntry[] {
  return now.filter(({ label }) => label !== null && !previous.some((entry) => isName(entry.label, label)));
}

/** `desired` with the labels that another user has added meanwhile, where they are. */
export function keepLabels(
  desired: readonly TrafficEntry[],
  now: readonly TrafficEntry[],
  previous: readonly TrafficEntry[],
): readonly TrafficEntry[] {
  const kept = [...desired];
  for (const { revision, label } of listAddedLabels(now, previous)) {
    const at = kept.findIndex((entry) => entry.label === null && isSameRevision(entry.revision, revision));
    if (at < 0) kept.push({ revision, weight: 0, label });
    else kept[at] = { ...kept[at]!, label };
  }
  return kept;
}

function isSameRevision(one: string | null, other: string | null): boolean {
  return one === null || other === null ? one === other : isName(one, other);
}

/**
 * Without a share for `ours`: what it had goes to the others that have one, in their proportions, or to `previous` where none
 * has. An entry that only a rollout of ours had goes too.
 */
export function withoutShare(
  traffic: readonly TrafficEntry[],
  ours: string,
  previous: readonly TrafficEntry[],
): readonly TrafficEntry[] {
  const rest = traffic.filter(({ revision, label }) => !isName(revision, ours) || label !== null);
  const others = rest.filter(({ revision, weight }) => !isName(revision, ours) && weight > 0);
  if (others.length === 0) return previous;
  const weights = scale(
    others.map(({ weight }) => weight),
    100,
  );
  return rest.map((entry) => ({ ...entry, weight: weights[others.indexOf(entry)] ?? 0 }));
}

/** Does the traffic follow the latest revision by itself, all of it? */
export function followsLatest(traffic: readonly TrafficEntry[]): boolean {
  return traffic.every(({ revision, weight }) => revision === null || weight === 0);
}

/**
 * The same shares by name: an entry for the latest revision would give a new one its traffic as soon as it is ready
 * (microsoft/azure-container-apps#497). One name twice is refused, so shares are added up; labels stay.
 */
export function pinned(traffic: readonly TrafficEntry[], latestReady: string): readonly TrafficEntry[] {
  const byName = new Map<string, TrafficEntry>();
  const labels: TrafficEntry[] = [];
  for (const { revision, weight, label } of traffic) {
    const name = revision ?? latestReady;
    const known = byName.get(name.toLowerCase());
    const entry = { revision: name, weight: weight + (known?.weight ?? 0), label: known?.label ?? label };
    byName.set(name.toLowerCase(), entry);
    // An entry has one label only.
    if (label !== null && entry.label !== label) labels.push({ revision: name, weight: 0, label });
  }
  return [...byName.values(), ...labels];
}

/** `percent` for ours, the rest for what is pinned, in its old proportions; labels stay where they are. */
export function withShare(previous: readonly TrafficEntry[], ours: string, percent: number): readonly TrafficEntry[] {
  const others = previous.filter(({ revision }) => !isName(revision, ours));
  const label = previous.find(({ revision }) => isName(revision, ours))?.label ?? null;
  const weights = scale(
    others.map(({ weight }) => weight),
    100 - percent,
  );
  return [
    ...others.map((entry, index) => ({ ...entry, weight: weights[index] ?? 0 })),
    ...(percent === 0 && label === null ? [] : [{ revision: ours, weight: percent, label }]),
  ];
}

/** All of it for ours, in the user's own form: by name, or by following the latest. Labels stay where they are. */
export function finalTraffic(previous: readonly TrafficEntry[], ours: string): readonly TrafficEntry[] {
  const latest = previous.find(({ revision, weight }) => revision === null && weight > 0);
  const own = previous.find(({ revision }) => isName(revision, ours))?.label ?? null;
  const winner = latest ? { ...latest, weight: 100 } : { revision: ours, weight: 100, label: own };
  const labelled = previous.filter((entry) => entry !== latest && entry.label !== null && entry.label !== winner.label);
  return [winner, ...labelled.map((entry) => ({ ...entry, weight: 0 }))];
}

/** The revisions that get some of it. */
export function servingRevisions(traffic: readonly TrafficEntry[], latestReady: string): readonly string[] {
  return pinned(traffic, latestReady).flatMap(({ revision, weight }) => (weight > 0 ? [revision as string] : []));
}

/** Those with the largest share: several where it is the same. */
export function leadingRevisions(traffic: readonly TrafficEntry[], latestReady: string): readonly string[] {
  const shares = pinned(traffic, latestReady);
  const most = Math.max(...shares.map(({ weight }) => weight));
  return shares.flatMap(({ revision, weight }) => (weight === most ? [revision as string] : []));
}

/** What a revision gets, in percent. */
export function shareOf(traffic: readonly TrafficEntry[], revision: string, latestReady: string): number {
  const entry = pinned(traffic, latestReady).find((one) => isName(one.revision, revision));
  return entry?.weight ?? 0;
}

/** Names of Azure are compared without regard to case. */
export function isName(one: string | null, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase();
}

/** Whole numbers in the old proportions that add up to `total`; the largest remainders get what rounding leaves. */
function scale(weights: readonly number[], total: number): readonly number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  if (sum === 0) return weights.map((_, index) => (index === 0 ? total : 0));
  const exact = weights.map((weight) => (weight * total) / sum);
  const floors = exact.map(Math.floor);
  let left = total - floors.reduce((all, weight) => all + weight, 0);
  const order = exact
    .map((value, index) => ({ index, rest: value - Math.floor(value) }))
    .sort((a, b) => b.rest - a.rest);
  for (const { index } of order) {
    if (left <= 0) break;
    floors[index]! += 1;
    left -= 1;
  }
  return floors;
}
