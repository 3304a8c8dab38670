import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage, type OciImage } from '../../../simulators/images.ts';
import { copyImages, type ResolvedImage } from '../../../src/engine/resolve-images.ts';
import type { Digest } from '../../../src/model/image.ts';
import type { ImageImporter, ImportRequest } from '../../../src/model/image-importer.ts';
import { emptyRecord } from '../../../src/model/outcome.ts';
import type { CopyRequest } from '../../../src/registry/copy-plan.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';
import { held, type Opened, openPair } from '../registry/copy-world.ts';
import { closeServers, openClient } from '../registry/world.ts';

afterEach(closeServers);

const image = buildImage({ seed: 'v1', behaviour: {} });

interface Run {
  readonly importer?: Partial<ImageImporter>;
  readonly request?: Partial<CopyRequest>;
  readonly arrange?: (pair: { source: Opened; destination: Opened }) => void;
}

/** Copies v1 with an importer that puts it there, unless a test says otherwise. */
async function bring({ importer = {}, request = {}, arrange }: Run) {
  const pair = await openPair(image);
  arrange?.(pair);
  const wishes: ImportRequest[] = [];
  const whole: ImageImporter = {
    handles: () => true,
    async tryImport(wish) {
      wishes.push(wish);
      pair.destination.registry.seed('prod/agent', 'v1', image);
      return { isDone: true };
    },
    ...importer,
  };
  const digest = image.digest as Digest;
  const source = { registry: pair.source.served.registry, repository: 'acme/agent', tag: 'v1', digest };
  const destination = { registry: pair.destination.served.registry, repository: 'prod/agent', tags: ['v1'] };
  const copy = { source, destination, ...request };
  const pinned: ResolvedImage = { container: null, image: { ...destination, tag: 'v1', digest }, copy };
  const io = fakeIo();
  const record = emptyRecord(0);
  const keychain = { label: 'a login', resolve: async () => ({ username: 'octocat', password: 'ghs_secret' }) };
  await copyImages([pinned], { client: openClient({ keychain }), importers: [whole], record, io });
  const uploads = pair.destination.served.count('registry:PUT upload');
  return { wishes, uploads, record, printed: io.printed.join('\n'), stored: held(pair.destination) };
}

function isThere(stored: unknown, { digest }: OciImage): boolean {
  return JSON.stringify(stored).includes(digest);
}

describe('an image that the destination can fetch itself', () => {
  test('is fetched by it, with the credentials of the source, and nothing goes through here', async () => {
    const run = await bring({});
    expect(run.wishes).toMatchObject([{ credentials: { username: 'octocat' }, destination: { tags: ['v1'] } }]);
    expect(run.uploads).toBe(0);
    expect(run.record.copies).toMatchObject([{ isImported: true, copiedBytes: 0 }]);
    expect(isThere(run.stored, image)).toBe(true);
  });

  test.each<[string, Partial<ImageImporter>, string]>([
    ['may not', { tryImport: async () => ({ isDone: false, why: 'the role lacks it' }) }, 'the role lacks it'],
    ['says so and does not have it', { tryImport: async () => ({ isDone: true }) }, 'does not show it'],
  ])('is copied where the registry %s, and why is said', async (_title, importer, why) => {
    const run = await bring({ importer });
    expect(run.printed).toMatch(new RegExp(`copying through this runner: .*${why}`));
    expect(run.uploads).toBeGreaterThan(0);
    expect(run.record.copies[0]?.isImported).toBeUndefined();
    expect(isThere(run.stored, image)).toBe(true);
  });

  test.each<[string, Run]>([
    ['is there already', { arrange: ({ destination }) => void destination.registry.seed('prod/agent', 'v1', image) }],
    ['goes with its referrers', { request: { withReferrers: true } }],
    ['is for a registry that nobody can ask', { importer: { handles: () => false } }],
  ])('is not asked for when it %s', async (_title, run) => {
    const { wishes, stored } = await bring(run);
    expect(wishes).toEqual([]);
    expect(isThere(stored, image)).toBe(true);
  });
});
