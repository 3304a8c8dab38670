import { formatBytes, formatRate } from '../model/bytes.ts';
import { formatDuration } from '../model/duration.ts';
import type { CopyStatistics } from '../model/outcome.ts';
import type { RegistryClient } from './client.ts';
import type { CopyPlan } from './copy-plan.ts';
import type { Descriptor } from './manifest.ts';

export type CopyCounts = Omit<CopyStatistics, 'source' | 'destination' | 'platforms' | 'referrers' | 'durationMs'>;

export interface CopyProgress {
  /** One more blob is there. Said in the log, unless the last line is younger than a second. */
  note(blob: Descriptor, how: 'copied' | 'mounted' | 'skipped', durationMs: number): void;
  /** More is to be done than was known at first. */
  extend(plan: CopyPlan): void;
  counts(): CopyCounts;
}

const LINE_EVERY_MS = 1_000;

/** Counts what happens to the blobs of a copy, and says it at a pace that a person can read. */
export function openCopyProgress({ clock, log }: RegistryClient, plan: CopyPlan): CopyProgress {
  const tallies = { copied: emptyTally(), mounted: emptyTally(), skipped: tally(plan.present) };
  let unsaid = emptyTally();
  let saidAt = clock.now();
  let expected = plan.missing.length;
  return {
    extend(more) {
      expected += more.missing.length;
      for (const blob of more.present) add(tallies.skipped, blob);
    },
    note(blob, how, durationMs) {
      add(tallies[how], blob);
      if (how !== 'copied') return;
      add(unsaid, blob);
      const now = clock.now();
      if (now - saidAt < LINE_EVERY_MS) return;
      const total = `${tallies.copied.blobs} of ${expected}`;
      log.info(`  ${total}: ${unsaid.blobs === 1 ? describe(blob, durationMs) : describeAll(unsaid, now - saidAt)}`);
      saidAt = now;
      unsaid = emptyTally();
    },
    counts: () => ({
      copiedBlobs: tallies.copied.blobs,
      copiedBytes: tallies.copied.bytes,
      mountedBlobs: tallies.mounted.blobs,
      mountedBytes: tallies.mounted.bytes,
      skippedBlobs: tallies.skipped.blobs,
      skippedBytes: tallies.skipped.bytes,
    }),
  };
}

interface Tally {
  blobs: number;
  bytes: number;
}

function emptyTally(): Tally {
  return { blobs: 0, bytes: 0 };
}

function tally(blobs: readonly Descriptor[]): Tally {
  return { blobs: blobs.length, bytes: blobs.reduce((sum, { size }) => sum + size, 0) };
}

function add(to: Tally, { size }: Descriptor): void {
  to.blobs += 1;
  to.bytes += size;
}

function describe({ digest, size }: Descriptor, durationMs: number): string {
  const took = `in ${formatDuration(durationMs)} (${formatRate(size, durationMs)})`;
  return `${digest.slice(0, 'sha256:'.length + 12)} ${formatBytes(size)} ${took}`;
}

function describeAll({ blobs, bytes }: Tally, durationMs: number): string {
  return `${blobs} blobs, ${formatBytes(bytes)} in ${formatDuration(durationMs)} (${formatRate(bytes, durationMs)})`;
}
