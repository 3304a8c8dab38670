import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { buildImage, buildReferrer } from '../../simulators/images.ts';
import { COMMIT, WORKFLOW } from '../../simulators/sigstore/fulcio.ts';
import { type AttestOptions, createSigstore } from '../../simulators/sigstore/instance.ts';
import { ECR_HOST, SOURCE } from '../../simulators/world.ts';
import type { RunRecord } from '../../src/model/outcome.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { mutations, refuse } from './refusal.ts';

const sigstore = await createSigstore();
const SIGNER = `${WORKFLOW}@refs/heads/main`;
const OURS = '- attestation: { repository: acme/agent, ref: refs/heads/main }';

let workspace = '';
beforeEach(async () => {
  workspace = await mkdtemp(path.join(os.tmpdir(), 'workspace-'));
  await writeFile(path.join(workspace, 'trusted_root.json'), JSON.stringify(sigstore.trustedRoot));
});
afterEach(async () => {
  await closeAgents();
  await rm(workspace, { recursive: true, force: true });
});

const inputs = { verify: OURS, 'trusted-root': 'trusted_root.json' };

/** Pushes v2, for two platforms, with an attestation in its registry; returns its name. */
async function publishSigned(agent: Agent, tag: string, options: AttestOptions = {}): Promise<string> {
  const image = buildImage({ seed: tag, behaviour: { version: tag }, platforms: ['linux/amd64', 'linux/arm64'] });
  const bundle = Buffer.from(JSON.stringify(await sigstore.attest(image.digest, options)));
  agent.world.source.seed(SOURCE.repository, tag, image);
  const type = 'application/vnd.dev.sigstore.bundle.v0.3+json';
  agent.world.source.seed(SOURCE.repository, null, buildReferrer(image, image.digest, type, bundle));
  return `${SOURCE.host}/${SOURCE.repository}:${tag}`;
}

describe('with `verify`', () => {
  test.each([{}, { platforms: 'linux/amd64' }])(
    'an image that its own build attested is deployed: %j',
    async (more) => {
      const agent = await givenAgent();
      const image = await publishSigned(agent, 'v2');
      const directory = await mkdtemp(path.join(os.tmpdir(), 'verified-'));
      const { main } = await agent.deploy({ image, ...inputs, ...more }, { workspace, directory });
      expect(main.outputs).toMatchObject({ outcome: 'deployed' });
      expect((await agent.ask()).body).toBe('v2');
      expect(main.log).toContain(
        `has an attestation by ${SIGNER}, issuer https://token.actions.githubusercontent.com, commit ${COMMIT}`,
      );
      expect(main.summary).toContain(
        `**Verified:** attestation by \`${SIGNER}\`, built from \`https://github.com/acme/agent\` \`refs/heads/main\` \`${COMMIT}\``,
      );
      const report = JSON.parse(await readFile(main.outputs['report']!, 'utf8')) as RunRecord;
      expect(report.verified).toMatchObject([
        { kind: 'attestation', signer: SIGNER, commit: COMMIT, requirement: 'verify[0]' },
      ]);
      await rm(directory, { recursive: true, force: true });
    },
  );

  test.each<[string, AttestOptions, string]>([
    ['of another branch', { ref: 'refs/heads/feature' }, 'has the ref refs/heads/feature'],
    [
      'of another repository',
      { repository: 'https://github.com/evil/agent' },
      'has the repository https://github.com/evil/agent',
    ],
  ])('an image %s is refused before anything is copied', async (_, options, says) => {
    const agent = await givenAgent();
    const image = await publishSigned(agent, 'v2', options);
    const { failure, main } = await refuse(agent, { image, ...inputs }, { workspace });
    expect(failure).toMatchObject({ code: 'IMAGE_UNVERIFIED', message: expect.stringContaining(says) });
    expect(mutations(agent)).toEqual([]);
    expect(main.summary).toContain('Refused: agent was not deployed');
  });

  test('an image without a signature is refused, and a plan says so too', async () => {
    const agent = await givenAgent();
    const image = agent.world.publish('v2', {});
    for (const mode of ['deploy', 'plan']) {
      const { failure } = await refuse(agent, { image, ...inputs, mode }, { workspace });
      expect(failure.message).toContain('verify[0] requires an attestation of https://github.com/acme/agent');
      expect(failure.message).toContain('and it has none');
    }
    expect(mutations(agent)).toEqual([]);
  });

  test('a plan names who signed', async () => {
    const agent = await givenAgent();
    const image = await publishSigned(agent, 'v2');
    const { main } = await agent.deploy({ image, ...inputs, mode: 'plan' }, { workspace });
    expect(main.outputs).toMatchObject({ outcome: 'planned' });
    expect(main.summary).toContain(`**Verified:** attestation by \`${SIGNER}\``);
    expect(mutations(agent)).toEqual([]);
  });

  test('a second image that nothing is said of is refused, and deployed where that is said', async () => {
    const agent = await givenAgent({
      service: {
        containers: ['web', 'proxy'].map((name) => ({
          name,
          image: `${ECR_HOST}/agent:v1`,
          essential: name === 'web',
        })),
      },
    });
    const image = await publishSigned(agent, 'v2');
    const other = agent.world.publish('proxy', {}, { seed: 'proxy' }).replace('acme/agent', 'acme/proxy');
    agent.world.source.seed('acme/proxy', 'proxy', buildImage({ seed: 'proxy', behaviour: { version: 'proxy' } }));
    const ours = `${OURS.slice(0, -2)}, images: ghcr.io/acme/agent }`;
    const given = { ...inputs, image, container: `web\nproxy=${other}`, mode: 'plan' };
    const { failure } = await refuse(agent, { ...given, verify: ours }, { workspace });
    expect(failure.message).toMatch(/could not verify ghcr\.io\/acme\/proxy.*no entry of `verify` is for it/);
    const { main } = await agent.deploy(
      { ...given, verify: `${ours}\n- unverified: ghcr.io/acme/proxy` },
      { workspace },
    );
    expect(main.outputs).toMatchObject({ outcome: 'planned' });
    expect(main.summary).toMatch(/\*\*Verified:\*\* no: `ghcr\.io\/acme\/proxy@sha256:\w+` is deployed unverified/);
    expect(main.log).toMatch(/verify\[1\]: ghcr\.io\/acme\/proxy@sha256:\w+ is deployed unverified/);
  });

  test('the trusted root of the release is used where the public one cannot be reached', async () => {
    const agent = await givenAgent();
    const image = await publishSigned(agent, 'v2');
    const { main, failure } = await refuse(agent, { image, verify: OURS }, { workspace });
    expect(main.log).toContain('Using the Sigstore trusted root of this release');
    expect(failure.message).toContain("can't be verified: Failed to verify certificate chain");
  });
});
