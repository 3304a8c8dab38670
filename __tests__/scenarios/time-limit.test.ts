import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { buildImage, buildReferrer } from '../../simulators/images.ts';
import { SOURCE } from '../../simulators/world.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { givenApp } from './container-apps-agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';

afterEach(closeAgents);

const verify = { verify: '- attestation: { repository: acme/agent }' };

const rows: readonly [phase: string, operation: RegExp, nth: number, inputs?: Record<string, string>][] = [
  ['find the service', /^ecs:DescribeServices$/, 1],
  ['read the current state', /^ecs:DescribeTaskDefinition$/, 1],
  ['resolve the image digest', /^registry:GET manifest$/, 1],
  ['resolve the image digest', /^registry:GET token$/, 1],
  ['verify the image', /^registry:GET referrers$/, 1, verify],
  ['verify the image', /^registry:GET blob$/, 1, verify],
  ['check the platform of the image', /^registry:GET blob$/, 1],
  ['copy the image', /^registry:GET blob$/, 2],
  ['copy the image', /^registry:PUT upload$/, 1],
];

/** Also of other clouds: their logins, and what is read of the service. */
const elsewhere: readonly (readonly [string, RegExp, () => Promise<Agent>])[] = [
  ['Cloud Run', /^sts:ExchangeToken$/, () => givenCloudRun({ login: 'oidc' })],
  ['Cloud Run', /^run:GetService$/, givenCloudRun],
  ['Container Apps', /^github:GetIdToken$/, givenApp],
  ['Container Apps', /^entra:Token$/, givenApp],
  ['Container Apps', /^arm:ContainerApps_Get$/, givenApp],
  ['Kubernetes', /^kubernetes:get deployments$/, givenKubernetes],
];

/** With something that may be a signature. */
function publishReferred({ world }: Agent): string {
  const name = world.publish('v2', {});
  const image = buildImage({ seed: 'v2', behaviour: { version: 'v2' } });
  const referrer = buildReferrer(image, image.digest, 'application/vnd.dev.sigstore.bundle.v0.3+json');
  world.source.seed(SOURCE.repository, null, referrer);
  return name;
}

describe('`timeout` ends what is under way before the deployment', () => {
  test.each(rows)('could not %s where %s gets no answer', async (phase, operation, nth, inputs = {}) => {
    const agent = await givenAgent();
    const image = publishReferred(agent);
    agent.world.edge.faults.add({ operation, nth, when: 'before', act: { kind: 'hang' } });
    const before = agent.snapshot();
    const startedAt = agent.world.clock.now();
    const { main } = await agent.deploy({ image, timeout: '5s', ...inputs });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(main.log).toContain(`could not ${phase}: the time was up after 5s, and nothing was deployed`);
    // Blobs that were copied in time stay.
    expect(agent.snapshot()).toEqual(before);
    expect(agent.world.clock.now() - startedAt).toBeLessThan(6_000);
  });

  test.each(elsewhere)('on %s where %s gets no answer', async (_, operation, given) => {
    const agent = await given();
    const image = agent.world.publish('v2', {});
    agent.world.edge.faults.add({ operation, when: 'before', act: { kind: 'hang' } });
    const before = agent.snapshot();
    const startedAt = agent.world.clock.now();
    const { main } = await agent.deploy({ image, timeout: '5s' });
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    expect(main.log).toMatch(/could not .*: the time was up after 5s, and nothing was deployed/);
    expect(agent.snapshot()).toEqual(before);
    expect(agent.world.clock.now() - startedAt).toBeLessThan(6_000);
  });
});
