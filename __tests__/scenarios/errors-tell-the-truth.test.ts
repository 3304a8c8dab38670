import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { FaultAct } from '../../simulators/edge/faults.ts';
import { ApiError } from '../../simulators/kubernetes/api/api-error.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { givenApp } from './container-apps-agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';

afterEach(closeAgents);

const answer = (status: number, error: object): FaultAct => ({
  kind: 'status',
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ error }),
});

function callsOf({ world }: Agent, operation: string): number {
  return world.edge.calls.filter((call) => call.operation === operation).length;
}

function errorOf(log: string): string {
  return decodeURIComponent(log.split('\n').find((line) => line.startsWith('::error')) ?? '');
}

describe('Google: a denial that no role changes', () => {
  const denial = (reason: string, message: string) =>
    answer(403, { code: 403, status: 'PERMISSION_DENIED', message, details: [{ reason, domain: 'googleapis.com' }] });
  test.each([
    // https://cloud.google.com/vpc-service-controls/docs/troubleshooting
    [
      'SECURITY_POLICY_VIOLATED',
      "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: AbC-1",
      /Request is prohibited.*vpcServiceControlsUniqueIdentifier: AbC-1.*Next step: A VPC Service Controls perimeter/s,
    ],
    // https://cloud.google.com/billing/docs/how-to/modify-project
    [
      'BILLING_DISABLED',
      'This API method requires billing to be enabled.',
      /requires billing to be enabled.*Next step: Enable billing/s,
    ],
  ])('%s is quoted, and is no missing role', async (reason, message, says) => {
    const agent = await givenCloudRun();
    agent.world.edge.faults.add({ operation: /^run:GetService$/, when: 'before', act: denial(reason, message) });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
    expect(main.outputs['outcome']).toBe('refused');
    expect(errorOf(main.log)).toMatch(says);
    expect(errorOf(main.log)).not.toMatch(/is missing|Grant roles/);
  });
});

test('Google: the name that was given is never suggested', async () => {
  const agent = await givenCloudRun();
  const gone = answer(404, { code: 404, status: 'NOT_FOUND', message: "Resource 'agent' was not found" });
  agent.world.edge.faults.add({ operation: /^run:GetService$/, when: 'before', act: gone });
  const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
  expect(errorOf(main.log)).toMatch(/could not find service agent .*service not found/);
  expect(errorOf(main.log)).not.toMatch(/Did you mean|Available services/);
});

test('Azure: the name that was given is never suggested', async () => {
  const agent = await givenApp();
  // Its role lets it list no other app; this is what who may list them is told.
  agent.world.azure.enforce(null);
  const gone = answer(404, { code: 'ResourceNotFound', message: 'The Resource was not found.' });
  agent.world.edge.faults.add({ operation: /^arm:ContainerApps_Get$/, when: 'before', act: gone });
  const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
  expect(errorOf(main.log)).toMatch(/could not read container app agent.*ResourceNotFound/);
  expect(errorOf(main.log)).not.toMatch(/The resource group has/);
});

describe('Azure: a refusal that no waiting changes', () => {
  // https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
  test.each([
    [403, 'RequestDisallowedByPolicy', "Resource 'agent' was disallowed by policy.", /An Azure Policy refuses/],
    [409, 'ScopeLocked', 'The scope cannot perform write operation because following scope(s) are locked', /A lock/],
    [
      409,
      'ReadOnlyDisabledSubscription',
      'The subscription is disabled and therefore marked as read only.',
      /disabled/,
    ],
  ])('%i %s is quoted, and sent once', async (status, code, message, hint) => {
    const agent = await givenApp();
    const operation = /^arm:ContainerApps_Update$/;
    agent.world.edge.faults.add({ operation, when: 'before', act: answer(status, { code, message }) });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), timeout: '2m' });
    const error = errorOf(main.log);
    expect(error).toContain(`${code}: ${message}`);
    expect(error).toMatch(hint);
    expect(error).not.toMatch(/the role lacks|Another change is in progress/);
    expect(callsOf(agent, 'arm:ContainerApps_Update')).toBe(1);
  });
});

describe('Cloud Run: a container that fails', () => {
  const crash = { crash: { afterMs: 500, exitCode: 1, logs: ['KeyError: DATABASE_URL'] } };

  test('shows its last log lines, and Google’s sentence once', async () => {
    const agent = await givenCloudRun();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', crash) });
    expect(main.outputs['outcome']).toBe('rolled-back');
    const why = main.log.slice(main.log.indexOf('::group::Why')).split('::endgroup::')[0]!;
    expect(why).toMatch(
      /last log lines of agent-\d{5}-\w{3}:\n *\| KeyError: DATABASE_URL\n *\| Container called exit\(1\)\./,
    );
    const sentence = /failed to start and listen on the port/g;
    expect(why.match(sentence)).toHaveLength(1);
    expect(errorOf(main.log).match(sentence)).toHaveLength(1);
  });

  test('shows the link to them where they may not be read, and what is missing for that', async () => {
    const agent = await givenCloudRun();
    agent.world.google.deny('logging.logEntries.list');
    const { main } = await agent.deploy({ image: agent.world.publish('v2', crash) });
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(main.log).toMatch(/\| .*could not read the log of agent-\d{5}-\w{3}: logging\.logEntries\.list is missing/);
    expect(main.log).toMatch(/\| logs of agent-\d{5}-\w{3}: https:\/\/console\.cloud\.google\.com\/logs/);
  });
});

describe('Google: what the project or its organization does not allow', () => {
  const refusal = (code: number, status: string, message: string) => answer(code, { code, status, message });
  test.each([
    // https://cloud.google.com/resource-manager/docs/organization-policy/org-policy-constraints
    [
      'a constraint, as a denial',
      refusal(
        403,
        'PERMISSION_DENIED',
        'Request is disallowed by constraints/gcp.resourceLocations for projects/acme-prod',
      ),
      /PERMISSION_DENIED: Request is disallowed by constraints\/gcp\.resourceLocations.*Next step: An organization policy refuses/s,
    ],
    [
      'a constraint, as a precondition',
      refusal(400, 'FAILED_PRECONDITION', 'Constraint constraints/run.allowedIngress violated for projects/acme-prod'),
      /FAILED_PRECONDITION: Constraint constraints\/run\.allowedIngress violated.*Next step: Correct what Google names/s,
    ],
    // https://cloud.google.com/run/quotas
    [
      'a quota of what may be there at one time',
      refusal(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded for total allowable CPU per project per region.'),
      /RESOURCE_EXHAUSTED: Quota exceeded for total allowable CPU.*Next step: The quota of the project/s,
    ],
  ])('%s: a plan and a deploy quote it, and name no missing role', async (_, act, says) => {
    for (const mode of ['plan', 'deploy']) {
      const agent = await givenCloudRun();
      agent.world.edge.faults.add({ operation: /^run:UpdateService$/, when: 'before', act });
      const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), mode });
      expect(main.outputs['outcome']).toBe('refused');
      expect(errorOf(main.log)).toMatch(says);
      expect(errorOf(main.log)).not.toMatch(/is missing|Grant roles|too many requests/);
    }
  });
});

describe('AWS: a denial that no role changes', () => {
  const denial = (policy: string): FaultAct => ({
    ...{ kind: 'status', status: 400, headers: { 'content-type': 'application/x-amz-json-1.1' } },
    body: JSON.stringify({
      __type: 'AccessDeniedException',
      message: `User: arn:aws:sts::123456789012:assumed-role/deploy/run is not authorized to perform: ecs:UpdateService on resource: arn:aws:ecs:eu-west-1:123456789012:service/production/agent with an explicit deny in a ${policy}`,
    }),
  });
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
  test.each(['service control policy', 'permissions boundary', 'session policy'])(
    'a %s is quoted, and the role is not said to lack anything',
    async (policy) => {
      const agent = await givenAgent();
      const before = agent.snapshot();
      agent.world.edge.faults.add({ operation: /^ecs:UpdateService$/, when: 'before', act: denial(policy) });
      const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
      expect(main.outputs['outcome']).toBe('refused');
      expect(errorOf(main.log)).toContain(`with an explicit deny in a ${policy}`);
      expect(errorOf(main.log)).toContain(`Next step: The ${policy} does not allow ecs:UpdateService`);
      expect(errorOf(main.log)).not.toMatch(/the role lacks|Add ecs:/);
      expect(agent.snapshot()).toEqual(before);
    },
  );
});

describe('Kubernetes: a policy of the cluster', () => {
  test.each([
    // https://open-policy-agent.github.io/gatekeeper/website/docs/
    [403, 'Forbidden', 'admission webhook "validation.gatekeeper.sh" denied the request: [repos] invalid image repo'],
    // https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/
    [
      422,
      'Invalid',
      "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'signed' with binding 'signed' denied request: not signed",
    ],
  ])(
    'that answers %i %s is quoted by a plan and a deploy, and is no missing permission',
    async (status, reason, message) => {
      for (const mode of ['plan', 'deploy']) {
        const agent = await givenKubernetes();
        agent.world.kubernetes.admission.push({
          kind: 'Deployment',
          review: () => new ApiError(status, reason, message),
        });
        const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), mode });
        expect(main.outputs['outcome']).toBe('refused');
        expect(errorOf(main.log)).toContain(message);
        expect(errorOf(main.log)).toMatch(/Next step: Correct what the (?:policy of the cluster|API server) names/);
        expect(errorOf(main.log)).not.toMatch(/not allowed to|Grant it by a Role/);
      }
    },
  );
});

describe('clouds that are not supported are refused in one sentence, before anything is sent', () => {
  const nowhere = ({ world }: Agent) => world.edge.calls.filter(({ host }) => !host.startsWith('ghcr.'));

  test('Google Cloud: another universe', async () => {
    const agent = await givenCloudRun();
    const file = path.join(await mkdtemp(path.join(os.tmpdir(), 'universe-')), 'credentials.json');
    const credentials = { type: 'external_account', universe_domain: 's3nsapis.fr', audience: '//iam.s3nsapis.fr/x' };
    await writeFile(file, JSON.stringify(credentials));
    const env = { GOOGLE_APPLICATION_CREDENTIALS: file };
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) }, { env });
    await rm(path.dirname(file), { recursive: true });
    expect(main.outputs['outcome']).toBe('refused');
    expect(errorOf(main.log)).toMatch(
      /they are of the universe s3nsapis\.fr.*Next step: Use credentials of googleapis\.com/s,
    );
    expect(nowhere(agent)).toEqual([]);
  });

  test('Azure: a sovereign cloud', async () => {
    const agent = await givenApp();
    const env = { AZURE_AUTHORITY_HOST: 'https://login.chinacloudapi.cn' };
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) }, { env });
    expect(main.outputs['outcome']).toBe('refused');
    expect(errorOf(main.log)).toMatch(/login\.chinacloudapi\.cn.*Next step/s);
    expect(nowhere(agent)).toEqual([]);
  });
});
