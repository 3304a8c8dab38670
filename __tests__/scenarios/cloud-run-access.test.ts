import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { CLOUD_RUN_SERVICE as SERVICE } from '../../simulators/cloud-run-agent.ts';
import { closeAgents } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { trafficOf } from './watch-cloud-run.ts';

afterEach(closeAgents);

const canary = { strategy: 'canary', steps: '5% for 2m', 'smoke-tests': '- GET /health: { retry-for: 5s }' };
const deploy = (agent: Agent, inputs: Readonly<Record<string, string>> = {}, image: Partial<Behaviour> = {}) =>
  agent.deploy({ image: agent.world.publish('v2', image), ...canary, ...inputs });
const bad: Partial<Behaviour> = { answers: { '/health': { status: 500, body: 'no' } } };
const callsOf = (agent: Agent, operation: string) =>
  agent.world.edge.calls.filter((call) => call.operation === operation).length;

/** Once, when the traffic is as `traffic` says. */
function when(agent: Agent, traffic: string, act: () => void): void {
  const stop = agent.world.clock.every(500, async () => {
    if (trafficOf(agent) !== traffic) return;
    stop();
    act();
  });
}

describe('a job logs in', () => {
  test.each(['auth-action', 'oidc', 'direct'] as const)('with %s, and copies into Artifact Registry', async (login) => {
    const agent = await givenCloudRun({ login });
    const { main } = await deploy(agent);
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(main.log).toContain('3 blobs copied');
    expect(main.log).toContain('::add-mask::ya29.');
    expect(main.log).not.toMatch(/deprecated|MetadataLookup/);
  });
});

describe('a service that only known callers may invoke', () => {
  test.each(['auth-action', 'oidc'] as const)('is called with an identity token (%s)', async (login) => {
    const agent = await givenCloudRun({ login, service: { isPublic: false } });
    const { main } = await deploy(agent);
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(main.log).toContain('✓ GET /health: 200');
    // It lives for an hour, and is used until shortly before that.
    expect(callsOf(agent, 'iamcredentials:GenerateIdToken')).toBe(1);
    const leaked = /eyJ[\w-]+\.[\w-]+\.[\w-]+/;
    expect(main.log.replace(/^::add-mask::.*$/gm, '') + main.summary).not.toMatch(leaked);
  });

  test('gets a fresh token when the old one nears its end', async () => {
    const agent = await givenCloudRun({ service: { isPublic: false } });
    const { main } = await deploy(agent, { steps: '5% for 80m' });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(callsOf(agent, 'iamcredentials:GenerateIdToken')).toBe(2);
  });

  test('can’t be called by an identity that acts as no service account, which is said once', async () => {
    const agent = await givenCloudRun({ login: 'direct', service: { isPublic: false } });
    const { main } = await deploy(agent);
    // It is back; but no smoke test can tell.
    expect(main.outputs).toMatchObject({ outcome: 'rollback-unconfirmed' });
    expect(
      main.log.match(/are sent without an identity token: the federated identity acts as no service account/g),
    ).toHaveLength(1);
    expect(main.log).toMatch(/smoke tests failed on agent-\d{5}-\w{3}: "GET \/health": .*got 403/);
  });

  test('gets none at an address that is not its own', async () => {
    const agent = await givenCloudRun({ service: { isPublic: false } });
    const { main } = await deploy(agent, {
      strategy: 'rolling',
      steps: '',
      url: 'https://ghcr.io',
      'smoke-tests': '- GET /v2/: { status: 401 }',
    });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(callsOf(agent, 'iamcredentials:GenerateIdToken')).toBe(0);
  });
});

test('what a hosted runner can’t reach is said before the rollout', async () => {
  const extras = { ingress: 'INGRESS_TRAFFIC_INTERNAL_ONLY', iapEnabled: true };
  const agent = await givenCloudRun({ service: { extras } });
  const { main } = await deploy(agent, { strategy: 'rolling', steps: '' });
  expect(main.outputs).toMatchObject({ outcome: 'rollback-unconfirmed' });
  expect(trafficOf(agent)).toBe('v1 100');
  const warned = main.log.indexOf(
    '::warning::The ingress of service agent in europe-west1 (project acme-prod) is INGRESS_TRAFFIC_INTERNAL_ONLY.',
  );
  expect(warned).toBeGreaterThan(0);
  expect(warned).toBeLessThan(main.log.indexOf('::group::Roll out'));
  expect(main.log).toContain('::warning::Identity-Aware Proxy protects service agent');
});

test.each(['- GET /: { cross-origin-redirects: true }', '- GET /: { status: 302 }'])(
  'a login page is never a pass: %s',
  async (smokeTests) => {
    const agent = await givenCloudRun({ service: { extras: { iapEnabled: true } } });
    const { main } = await deploy(agent, { 'smoke-tests': smokeTests });
    // The previous revision is behind the login too.
    expect(main.outputs).toMatchObject({ outcome: 'rollback-unconfirmed' });
    expect(trafficOf(agent)).toBe('v1 100');
    expect(main.log).toMatch(/^::error.*a login answers instead of the service/m);
    expect(main.log).not.toContain('cross-origin-redirects');
  },
);

test('a proxy whose address is given in upper case only is taken by all calls', async () => {
  const agent = await givenCloudRun();
  const image = agent.world.publish('v2', {});
  const { main } = await agent.deploy({ image, ...canary }, { env: { https_proxy: '', http_proxy: '', no_proxy: '' } });
  expect(main.outputs).toMatchObject({ outcome: 'deployed' });
});

describe('credentials that end during the run', () => {
  test('are renewed in the middle of a bake', async () => {
    const agent = await givenCloudRun();
    when(agent, 'v1 95, v2 5', () => agent.world.google.expireTokens());
    const { main } = await deploy(agent);
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(agent.world.edge.calls.some(({ status, operation }) => status === 401 && operation.startsWith('run:'))).toBe(
      true,
    );
    expect(callsOf(agent, 'sts:ExchangeToken')).toBeGreaterThan(2);
  });

  test('are renewed when one of the reads between is the first to be refused', async () => {
    const agent = await givenCloudRun();
    let expired = 0;
    agent.world.edge.onCall(({ operation }, moment) => {
      if (operation === 'run:GetOperation' && moment === 'before' && expired++ === 0) agent.world.google.expireTokens();
      return undefined;
    });
    const { main } = await deploy(agent);
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(expired).toBeGreaterThan(1);
  });

  test('and can’t be renewed, as the trust was taken away: red, with the command to go back by hand', async () => {
    const agent = await givenCloudRun();
    when(agent, 'v1 95, v2 5', () => {
      agent.world.google.deny('iam.serviceAccounts.getAccessToken');
      agent.world.google.expireTokens();
    });
    const { main } = await deploy(agent);
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rollback-failed' } });
    expect(main.log).toMatch(/::error .*roles\/iam\.workloadIdentityUser/);
    expect(main.log).toMatch(
      /gcloud run services update-traffic agent --region europe-west1 --project acme-prod --to-revisions agent-00001-\w+=100/,
    );
  });
});

describe('a permission that is revoked in the middle of a rollout', () => {
  test('to change the service: named, and the way back by hand with it', async () => {
    const agent = await givenCloudRun();
    when(agent, 'v1 95, v2 5', () => agent.world.google.deny('run.services.update'));
    const { main } = await deploy(agent);
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rollback-failed' } });
    expect(main.log).toMatch(
      /::error .*could not update service agent.*run\.services\.update is missing.*Next step: Grant roles\/run\.developer/,
    );
    expect(main.log).toContain('gcloud run services update-traffic');
  });

  test('to read operations: the conditions say enough', async () => {
    const agent = await givenCloudRun();
    when(agent, 'v1 95, v2 5', () => agent.world.google.deny('run.operations.get'));
    const { main } = await deploy(agent);
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    expect(main.log).toContain(
      'run.operations.get is missing; going by the service’s and the revision’s conditions alone.',
    );
  });

  test.each([
    ['rolling', { strategy: 'rolling', steps: '' }],
    ['a canary', {}],
  ])('to read the service, when %s fails: our last operation shows it, and it is rolled back', async (_, inputs) => {
    const agent = await givenCloudRun();
    const before = agent.snapshot();
    agent.world.edge.onCall(({ operation }, moment) => {
      if (operation === 'workload:GET /health' && moment === 'after') agent.world.google.deny('run.services.get');
    });
    const { main } = await deploy(agent, inputs, bad);
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(agent.snapshot()).toEqual(before);
  });

  test('to read revisions: what this process captured is restored all the same', async () => {
    const agent = await givenCloudRun();
    const before = agent.snapshot();
    when(agent, 'v1 95, v2 5', () => agent.world.google.deny('run.revisions.get'));
    const { main } = await deploy(agent);
    expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'rolled-back' } });
    expect(main.log).toMatch(/::error .*run\.revisions\.get is missing/);
    expect(agent.snapshot()).toEqual(before);
  });

  test('to read revisions, after main was killed: post restores the traffic, the next run the template', async () => {
    const agent = await givenCloudRun();
    const before = agent.snapshot();
    const onMainStart = (child: { kill(signal: NodeJS.Signals): boolean }): void =>
      when(agent, 'v1 95, v2 5', () => {
        agent.world.google.deny('run.revisions.get');
        child.kill('SIGKILL');
      });
    const { post } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary }, { onMainStart });
    expect(post.summary).toContain('`rollback-failed`');
    expect(post.log).toMatch(
      /the traffic was restored \(agent-00001-\w+ 100%\), but the template could not be restored/,
    );
    // It is tried until the time is up; traffic that is restored is not sent again.
    expect(agent.world.edge.calls.filter(({ operation }) => operation === 'run:UpdateService').length).toBeLessThan(8);
    await agent.world.clock.advance(600_000);
    expect(trafficOf(agent)).toBe('v1 100');
    agent.world.google.allow('run.revisions.get');
    const next = await agent.deploy({ image: agent.world.publish('v3', bad), 'smoke-tests': '- GET /health' });
    expect(next.main.outputs['outcome']).toBe('rolled-back');
    expect(agent.snapshot()).toEqual(before);
  });
});

describe('Google that answers badly', () => {
  const busy = {
    kind: 'status',
    status: 429,
    body: '{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"Quota exceeded"}}',
  } as const;
  const broken = {
    kind: 'status',
    status: 503,
    body: '{"error":{"code":503,"status":"UNAVAILABLE","message":"try again"}}',
  } as const;

  test.each([
    ['with "too many requests"', busy],
    ['with "unavailable"', broken],
    ['not at all', { kind: 'drop' } as const],
  ])('%s, at the first call of every kind, is sat out', async (_name, act) => {
    const agent = await givenCloudRun();
    const kinds = ['GetService', 'UpdateService', 'GetRevision', 'GetOperation', 'TestIamPermissions'];
    for (const kind of kinds) {
      agent.world.edge.faults.add({ operation: new RegExp(`^run:${kind}$`), nth: 1, when: 'before', act });
    }
    const { main } = await deploy(agent);
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
  });

  test.each([1, 2, 3, 4, 5, 6, 7])(
    'and loses the answer of update %i, which took effect: it is not sent twice',
    async (nth) => {
      const agent = await givenCloudRun();
      agent.world.edge.faults.add({ operation: /^run:UpdateService$/, nth, when: 'after', act: { kind: 'drop' } });
      const { main } = await deploy(agent);
      expect(main.outputs).toMatchObject({ outcome: 'deployed' });
      expect(trafficOf(agent)).toBe('v2 100');
      // The service before, the name of the revision, and one change for each step.
      expect(agent.world.google.look(SERVICE).generation).toBe(6);
    },
  );
});
