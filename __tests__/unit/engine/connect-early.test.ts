import { expect, test } from '@jest/globals';
import { connectEarly, type RegistriesOfRun } from '../../../src/engine/connect-early.ts';

async function opened({
  images,
  copyTo,
}: {
  images: readonly string[];
  copyTo: string | null;
}): Promise<readonly string[]> {
  const run: RegistriesOfRun = {
    images: images.map((registry) => ({ name: { registry } })),
    copyTo: copyTo === null ? null : { registry: copyTo },
  };
  const early: string[] = [];
  await connectEarly(run, { openEarly: (origin, count) => void early.push(`${count} x ${origin.origin}`) });
  return early;
}

test.each([
  {
    why: 'an image is copied',
    images: ['ghcr.io'],
    copyTo: 'r.azurecr.io',
    early: ['2 x https://ghcr.io', '2 x https://r.azurecr.io'],
  },
  { why: 'it is deployed from where it is', images: ['ghcr.io'], copyTo: null, early: ['2 x https://ghcr.io'] },
  { why: 'it stays at its registry', images: ['ghcr.io'], copyTo: 'ghcr.io', early: ['2 x https://ghcr.io'] },
  {
    why: 'a sidecar is elsewhere',
    images: ['ghcr.io', 'docker.io', 'ghcr.io'],
    copyTo: null,
    early: ['2 x https://ghcr.io', '2 x https://registry-1.docker.io'],
  },
  { why: 'no image is deployed', images: [], copyTo: null, early: [] },
])('each registry gets its first connections early: $why', async ({ images, copyTo, early }) => {
  expect(await opened({ images, copyTo })).toEqual(early);
});
