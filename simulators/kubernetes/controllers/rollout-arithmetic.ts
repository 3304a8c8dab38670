/** How many pods each ReplicaSet of a Deployment shall have: numbers only, as the controller computes them. */

export interface Limits {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/** Of a ReplicaSet. `wanted`: what its specification says. */
export interface Counts {
  readonly wanted: number;
  readonly available: number;
}

/** Percentages of `replicas`: surge is rounded up, unavailable down; both 0 would never move. */
export function resolveLimits(surge: number | string, unavailable: number | string, replicas: number): Limits {
  const maxSurge = resolve(surge, replicas, Math.ceil);
  const maxUnavailable = resolve(unavailable, replicas, Math.floor);
  return maxSurge === 0 && maxUnavailable === 0 ? { maxSurge, maxUnavailable: 1 } : { maxSurge, maxUnavailable };
}

function resolve(value: number | string, replicas: number, round: (value: number) => number): number {
  return typeof value === 'number' ? value : round((Number.parseFloat(value) * replicas) / 100);
}

/** What the new ReplicaSet shall be scaled to. */
export function newSize(
  replicas: number,
  { maxSurge }: Limits,
  now: { readonly fresh: Counts; readonly old: readonly Counts[] },
): number {
  const { fresh, old } = now;
  if (fresh.wanted > replicas) return replicas;
  const total = sum([fresh, ...old].map(({ wanted }) => wanted));
  const room = replicas + maxSurge - total;
  return room <= 0 ? fresh.wanted : fresh.wanted + Math.min(room, replicas - fresh.wanted);
}

/** What the old ones shall be scaled to, the oldest first: pods that aren't available go first. */
export function oldSizes(
  replicas: number,
  { maxUnavailable }: Limits,
  { fresh, old }: { readonly fresh: Counts; readonly old: readonly Counts[] },
): readonly number[] {
  const sizes = old.map(({ wanted }) => wanted);
  const atLeast = replicas - maxUnavailable;
  const all = fresh.wanted + sum(sizes);
  let budget = all - atLeast - Math.max(0, fresh.wanted - fresh.available);
  if (sum(sizes) === 0 || budget <= 0) return sizes;
  const afterCleanup = old.map(({ wanted, available }) => {
    const gone = Math.max(0, Math.min(budget, wanted - available));
    budget -= gone;
    return wanted - gone;
  });
  const available = fresh.available + sum(old.map((one) => one.available));
  let spare = Math.max(0, available - atLeast);
  return afterCleanup.map((size) => {
    const gone = Math.min(size, spare);
    spare -= gone;
    return size - gone;
  });
}

/** A scale in the middle of a rollout: each ReplicaSet in proportion, the largest first. */
export function proportionalSizes(sizes: readonly number[], allowed: number): readonly number[] {
  const total = sum(sizes);
  let left = allowed - total;
  if (left === 0 || total === 0) return sizes;
  const scaled = sizes.map((size) => {
    const share = Math.round((size * allowed) / total) - size;
    const part = left > 0 ? Math.min(Math.max(share, 0), left) : Math.max(Math.min(share, 0), left);
    left -= part;
    return size + part;
  });
  return scaled.map((size, index) => (index === 0 ? Math.max(0, size + left) : size));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
