import { expect, test } from '@jest/globals';
import { openHttp } from '../../../src/io/http.ts';
import { openRegistryClient } from '../../../src/registry/client.ts';
import type { CopyPlan } from '../../../src/registry/copy-plan.ts';
import { openCopyProgress } from '../../../src/registry/copy-progress.ts';
import { type Descriptor, digestOf } from '../../../src/registry/manifest.ts';
import { manualClock, memoryLog } from './world.ts';

const blobs: readonly Descriptor[] = Array.from({ length: 100 }, (_, index) => ({
  mediaType: 'x',
  digest: digestOf(Buffer.from(String(index))),
  size: 1_000_000,
}));
const [first, second] = blobs as [Descriptor, Descriptor, ...Descriptor[]];

function open(missing: readonly Descriptor[], present: readonly Descriptor[] = []) {
  const [clock, log] = [manualClock(), memoryLog()];
  const { signal } = new AbortController();
  const client = openRegistryClient({ http: openHttp({}), clock, log, keychains: [], signal });
  const plan: CopyPlan = { tagged: new Map(), isStored: false, levels: [], missing, present };
  return { clock, log, progress: openCopyProgress(client, plan) };
}

test('a layer that took a while has a line of its own, with its size, time and rate', () => {
  const { clock, log, progress } = open([first, second]);
  clock.advance(2_000);
  progress.note(first, 'copied', 2_000);
  expect(log.lines).toEqual([`  1 of 2: ${first.digest.slice(0, 19)} 1.0 MB in 2s (500.0 kB/s)`]);
});

test('many small layers share a line, one a second', () => {
  const { clock, log, progress } = open(blobs);
  for (const blob of blobs) {
    clock.advance(50);
    progress.note(blob, 'copied', 50);
  }
  expect(log.lines).toHaveLength(5);
  expect(log.lines[0]).toBe('  20 of 100: 20 blobs, 20.0 MB in 1s (20.0 MB/s)');
});

test('what was copied, mounted and there already is counted apart', () => {
  const { progress } = open([first, second], blobs.slice(2, 5));
  progress.note(first, 'copied', 10);
  progress.note(second, 'mounted', 10);
  expect(progress.counts()).toEqual({
    copiedBlobs: 1,
    copiedBytes: 1_000_000,
    mountedBlobs: 1,
    mountedBytes: 1_000_000,
    skippedBlobs: 3,
    skippedBytes: 3_000_000,
  });
});
