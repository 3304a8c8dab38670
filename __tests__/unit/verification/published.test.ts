import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import seeds from '@sigstore/tuf/seeds.json' with { type: 'json' };
import type { JsonObject } from '../../../src/model/json.ts';
import { closeServers } from '../registry/world.ts';
import { holding, refuse, verify } from './signed-world.ts';

afterEach(closeServers);

const folder = path.resolve(import.meta.dirname, '../../fixtures/sigstore/published');
const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8');
const shipped = JSON.parse(
  Buffer.from(seeds['https://tuf-repo-cdn.sigstore.dev'].targets['trusted_root.json'], 'base64').toString(),
) as JsonObject;

const DIGEST = 'sha256:49a3aa6075e0f49f82843e74b5baa614ad2a588e6675612bf108a0a008c5ac25';
const PRIVATE_DIGEST = 'sha256:ae57936def59bc4c75edd3a837d89bcefc6d3a5e31d55a6fa7a71624f92c3c3b';
const files = { 'image.json': read('reusable-workflow.json') };
const given = (more: string) => ({
  yaml: `- attestation: { repository: malancas/attest-demo, bundle: image.json${more} }`,
  files,
  roots: [shipped],
  digest: DIGEST,
});

describe('an attestation that GitHub published, with the trusted root that comes with the action', () => {
  test('is accepted with the reusable workflow that signed it', async () => {
    const [verified] = await verify(
      await holding(),
      given(
        ', signer-workflow: github/artifact-attestations-workflows/.github/workflows/attest.yml, ref: refs/heads/main',
      ),
    );
    expect(verified).toMatchObject({
      repository: 'https://github.com/malancas/attest-demo',
      signer:
        'https://github.com/github/artifact-attestations-workflows/.github/workflows/attest.yml@09b495c3f12c7881b3cc17209a327792065c1a1d',
      commit: '95baf27389e83e6a5c48f42e190d48d7abcea19e',
    });
  });

  test('is refused without that, as the workflow is of another repository', async () => {
    expect(await refuse(await holding(), given(''))).toContain(
      'has the signer-workflow https://github.com/github/artifact-attestations-workflows/.github/workflows/attest.yml@09b495c3f12c7881b3cc17209a327792065c1a1d',
    );
  });

  test('is refused for another digest', async () => {
    const other = {
      ...given(', signer-workflow: github/artifact-attestations-workflows/.github/workflows/attest.yml'),
      digest: `sha256:${'0'.repeat(64)}`,
    };
    expect(await refuse(await holding(), other)).toContain('signs another image: 49a3aa6075e0');
  });

  test('of a private repository needs the trusted root of GitHub, which has no logs', async () => {
    const yaml = '- attestation: { repository: actions/attest-demo, ref: refs/heads/main, bundle: image.jsonl }';
    const given = { yaml, files: { 'image.jsonl': read('private-repository.jsonl') }, digest: PRIVATE_DIGEST };
    expect(await refuse(await holding(), { ...given, roots: [shipped] })).toContain("can't be verified: ");
    const github = JSON.parse(read('github-trusted-root.json')) as JsonObject;
    const [verified] = await verify(await holding(), { ...given, roots: [shipped, github] });
    expect(verified).toMatchObject({ repository: 'https://github.com/actions/attest-demo', ref: 'refs/heads/main' });
  });
});
