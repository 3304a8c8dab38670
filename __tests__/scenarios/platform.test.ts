import { afterEach, describe, expect, test } from '@jest/globals';
import type { AgentServiceOptions } from '../../simulators/agent-service.ts';
import { buildImage, buildReferrer } from '../../simulators/images.ts';
import { ECR_HOST } from '../../simulators/world.ts';
import { closeAgents, givenAgent, saidBy } from './agent.ts';
import { mutations, refuse } from './refusal.ts';

afterEach(closeAgents);

/** A service whose task definition says so, and that runs v1 built for it. */
function runningOn(platform: string, cpuArchitecture: string, operatingSystemFamily: string) {
  const runtimePlatform = { cpuArchitecture, operatingSystemFamily };
  return { platform, service: { taskDefinitionExtras: { runtimePlatform } } };
}

const amd64 = {};
const arm64 = runningOn('linux/arm64', 'ARM64', 'LINUX');
const windows = runningOn('windows/amd64', 'X86_64', 'WINDOWS_SERVER_2022_CORE');

type Service = Partial<AgentServiceOptions>;

describe('an image with the platform of the service is deployed', () => {
  test.each<[string, Service, object]>([
    ['an index with both, on X86_64', amd64, { platforms: ['linux/arm64', 'linux/amd64'] }],
    ['an index with both, on ARM64', arm64, { platforms: ['linux/amd64', 'linux/arm64'] }],
    ['a single manifest on ARM64', arm64, { platform: 'linux/arm64' }],
    ['a single manifest on Windows', windows, { platform: 'windows/amd64' }],
  ])('%s', async (_, service, built) => {
    const agent = await givenAgent(service);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}, built) });
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
    expect(await agent.ask()).toMatchObject({ body: 'v2' });
  });

  test('so is any image where nobody can say what the service runs on', async () => {
    const agent = await givenAgent({ service: { serviceExtras: { launchType: 'EC2' } } });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}, { platform: 'linux/amd64' }) });
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
  });
});

describe('an image without the platform of the service is refused before anything is copied or registered', () => {
  const resource = 'service agent in cluster production (eu-west-1)';
  test.each<[string, Service, object, string]>([
    ['amd64 on ARM64', arm64, {}, `it is built for linux/amd64, and ${resource} runs linux/arm64`],
    ['arm64 on the default', amd64, { platform: 'linux/arm64' }, `for linux/arm64, and ${resource} runs linux/amd64`],
    ['Linux on Windows', windows, {}, `it is built for linux/amd64, and ${resource} runs windows/amd64`],
    [
      'an index on ARM64',
      arm64,
      { platforms: ['linux/amd64', 'linux/arm/v7'] },
      `it is built for linux/amd64, linux/arm/v7, and ${resource} runs linux/arm64`,
    ],
  ])('%s', async (_, service, built, why) => {
    const agent = await givenAgent(service);
    const image = agent.world.publish('v2', {}, built);
    for (const inputs of [{ image }, { image, mode: 'plan' }, { image, 'copy-to': '' }]) {
      const { failure } = await refuse(agent, inputs);
      expect(failure.code).toBe('UNSUPPORTED');
      expect(failure.message).toMatch(/^could not deploy ghcr\.io\/acme\/agent@sha256:[0-9a-f]{64}: it is built for /);
      expect(failure.message).toContain(why);
      expect(failure.hint).toContain('docker buildx build --platform ');
    }
    expect(mutations(agent)).toEqual([]);
  });

  test('also where only a sidecar lacks it', async () => {
    const image = `${ECR_HOST}/agent:v1`;
    const containers = [
      { name: 'web', image },
      { name: 'proxy', image, essential: false },
    ];
    const agent = await givenAgent({ service: { containers } });
    const proxy = agent.world.publish('arm', {}, { platform: 'linux/arm64' });
    const { failure } = await refuse(agent, { image: agent.world.publish('v2', {}), container: `web\nproxy=${proxy}` });
    expect(failure.message).toContain(`it is built for linux/arm64, and ${resource} runs linux/amd64`);
    expect(mutations(agent)).toEqual([]);
  });
});

test('a role that may not read the image deploys it all the same, and is told what was not checked', async () => {
  const agent = await givenAgent();
  const first = await agent.deploy({ image: agent.world.publish('v2', {}) });
  agent.world.aws.deny('ecr:GetDownloadUrlForLayer');
  const image = `${ECR_HOST}/agent@${first.main.outputs['digest']}`;
  const { main } = await agent.deploy({
    image,
    'copy-to': '',
    'registry-username': '',
    'registry-password': '',
    force: 'true',
  });
  expect(saidBy(main.log)).toContain('Continuing without knowing which platform the image is built for');
  expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
});

describe('`platforms`', () => {
  const built = { platforms: ['linux/amd64', 'linux/arm64', 'windows/amd64'] };

  test('copies and deploys what it selects, and says plainly that the digest is another', async () => {
    const agent = await givenAgent(arm64);
    const image = agent.world.publish('v2', {}, built);
    const whole = agent.world.source.snapshot().repositories['acme/agent']?.tags['v2'];
    const { main } = await agent.deploy({ image, platforms: 'linux/arm64' });
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
    const { digest } = main.outputs;
    expect(digest).not.toBe(whole);
    expect(saidBy(main.log)).toContain(
      `Only linux/arm64 of it: the digest changes from ${short(whole!)} to ${short(digest!)}, which is what is deployed`,
    );
    expect(main.summary).toContain('only linux/arm64, so the digest differs from that of');
    expect(agent.world.ecr.snapshot().repositories['agent']?.tags).toMatchObject({ v2: digest });
    expect(await agent.ask()).toMatchObject({ body: 'v2' });
  });

  test('that leaves out what the service runs on is refused', async () => {
    const agent = await givenAgent(arm64);
    const image = agent.world.publish('v2', {}, built);
    const { failure } = await refuse(agent, { image, platforms: 'linux/amd64\nwindows/amd64' });
    expect(failure).toMatchObject({ code: 'UNSUPPORTED', hint: 'Add linux/arm64 to the input `platforms`.' });
    const missing = await refuse(agent, { image, platforms: 'linux/s390x', mode: 'plan' });
    expect(missing.failure.message).toContain('could not copy linux/s390x of ghcr.io/acme/agent@sha256:');
    expect(mutations(agent)).toEqual([]);
  });
});

test('`copy-referrers` takes signatures along, and the plan tells how many', async () => {
  const agent = await givenAgent();
  const { source, ecr } = agent.world;
  const built = buildImage({ seed: 'v2', behaviour: { version: 'v2' } });
  const signature = buildReferrer(built, built.digest, 'application/vnd.dev.sigstore.bundle.v0.3+json');
  source.seed('acme/agent', 'v2', built);
  source.seed('acme/agent', null, signature);
  const inputs = { image: 'ghcr.io/acme/agent:v2', 'copy-referrers': 'true' };
  const planned = await agent.deploy({ ...inputs, mode: 'plan' });
  expect(saidBy(planned.main.log)).toContain(
    'Referrers (signatures, SBOMs, provenance) to copy: 1; already present: 0.',
  );
  const { main } = await agent.deploy(inputs);
  expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
  expect(main.summary).toContain('1 referrers');
  expect(ecr.snapshot().repositories['agent']?.manifests).toContain(signature.digest);
});

/** As the log shows a digest. */
function short(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12);
}
