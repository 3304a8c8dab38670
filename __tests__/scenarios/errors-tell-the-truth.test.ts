import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { FaultAct } from '../../simulators/edge/faults.ts';
import { closeAgents } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { givenApp } from './container-apps-agent.ts';

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
    expect(why).toMatch(/last log lines of agent-\w+:\n *\| KeyError: DATABASE_URL\n *\| Container called exit\(1\)\./);
    const sentence = /failed to start and listen on the port/g;
    expect(why.match(sentence)).toHaveLength(1);
    expect(errorOf(main.log).match(sentence)).toHaveLength(1);
  });

  test('shows the link to them where they may not be read, and what is missing for that', async () => {
    const agent = await givenCloudRun();
    agent.world.google.deny('logging.logEntries.list');
    const { main } = await agent.deploy({ image: agent.world.publish('v2', crash) });
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(main.log).toMatch(/\| .*could not read the log of agent-\w+: logging\.logEntries\.list is missing/);
    expect(main.log).toMatch(/\| logs of agent-\w+: https:\/\/console\.cloud\.google\.com\/logs/);
  });
});
