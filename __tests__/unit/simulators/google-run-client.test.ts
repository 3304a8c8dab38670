import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Call } from '../../../simulators/edge/calls.ts';
import { runStage } from '../../../simulators/runner.ts';
import { openWorld, type World } from '../../../simulators/world.ts';
import { parseLines } from '../../fixtures/stage/open-stage.ts';
import { pinned, SERVICE } from './google-stage.ts';

interface Result {
  readonly startedAt: number;
  readonly tookMs: number;
  // biome-ignore lint/suspicious/noExplicitAny: what a client of any version returns
  readonly result: any;
  readonly error?: { readonly code: number; readonly message: string; readonly reason?: string };
}

const entry = join(import.meta.dirname, '../../fixtures/google/run-client.mjs');
const name = `projects/acme-prod/locations/europe-west1/services/${SERVICE}`;
const get = { call: 'getService', request: { name } };

let world: World;
let directory: string;
let image: string;
let v2: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'run-client-'));
  world = await openWorld();
  image = world.publish('v1', {});
  v2 = world.publish('v2', {});
  world.google.addService({ service: SERVICE, image, template: { revision: 'agent-one' } });
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
  await world.close();
});

async function send(...orders: readonly object[]): Promise<Result[]> {
  const login = await world.google.logIn(directory, world.github);
  const env = { ...world.edge.env, ...login.env, NODE_USE_ENV_PROXY: '1' };
  const { exitCode, log } = await runStage({ entry, inputs: { orders: JSON.stringify(orders) }, env });
  if (exitCode !== 0) throw new Error(log);
  return parseLines<Result>(log);
}

const runCalls = (): Call[] => world.edge.calls.filter(({ operation }) => operation.startsWith('run:'));

describe('the official client over REST', () => {
  it('reads a service', async () => {
    const [read] = await send(get);
    expect(read?.result).toMatchObject({
      ...{ name, generation: '1', reconciling: false },
      terminalCondition: { type: 'Ready' },
      template: { revision: 'agent-one', containers: [{ image, ports: [{ containerPort: 8080 }] }] },
    });
    expect(runCalls()).toMatchObject([{ operation: 'run:GetService', mutates: false, method: 'GET', status: 200 }]);
    expect(world.edge.unknownHosts.size).toBe(0);
  });

  it('changes a service and waits for its operation, in virtual time', async () => {
    const template = { revision: 'agent-two', containers: [{ image: v2 }] };
    const traffic = [pinned('agent-one', 100), pinned('agent-two', 0, 'canary')];
    const service = { name, template, traffic };
    const updateMask = { paths: ['template', 'traffic'] };
    const startedAt = performance.now();
    const [updated, revisions] = await send(
      { call: 'updateService', request: { service, updateMask } },
      { client: 'revisions', call: 'listRevisions', request: { parent: name } },
    );
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(updated?.tookMs).toBeGreaterThan(7_000);
    expect(updated?.result).toMatchObject({
      latestReadyRevision: `${name}/revisions/agent-two`,
      trafficStatuses: [
        { revision: 'agent-one', percent: 100 },
        { revision: 'agent-two', tag: 'canary' },
      ],
    });
    expect(revisions?.result.map(({ name: full }: { name: string }) => full.split('/').at(-1))).toEqual([
      'agent-two',
      'agent-one',
    ]);
    const mutations = runCalls().filter(({ mutates }) => mutates);
    expect(mutations.map(({ operation }) => operation)).toEqual(['run:UpdateService']);
    expect(new Set(runCalls().map(({ operation }) => operation))).toEqual(
      new Set(['run:UpdateService', 'run:GetOperation', 'run:ListRevisions']),
    );
  });

  it('changes only what its mask names, in snake_case, although it sends empty labels too', async () => {
    world.google.setService(SERVICE, { extras: { labels: { team: 'agents' } } });
    await send({
      call: 'updateService',
      request: { service: { name, invokerIamDisabled: true }, updateMask: { paths: ['invoker_iam_disabled'] } },
    });
    const { invokerIamDisabled, labels } = world.google.look(SERVICE).config;
    expect({ invokerIamDisabled, labels }).toEqual({ invokerIamDisabled: true, labels: { team: 'agents' } });
    const { path, body } = world.google.wireLog.find(({ operation }) => operation === 'run:UpdateService')!;
    expect(path).toContain('updateMask=invoker_iam_disabled');
    expect(JSON.parse(body)).toEqual({ invokerIamDisabled: true, labels: {}, annotations: {} });
  });

  it('does not see what its schema lacks; a client without a schema does', async () => {
    world.google.setService(SERVICE, { extras: { futureServiceField: 1 } });
    const [read] = await send(get);
    expect(read?.result).not.toHaveProperty('futureServiceField');
    expect(world.google.snapshot(SERVICE)).toMatchObject({ service: { futureServiceField: 1 } });
  });

  it('gets errors by their numbers: 3, 5, 7 with its reason, 9, 10', async () => {
    world.google.deny('run.revisions.list');
    const stale = { name, etag: '"stale"', labels: { a: 'b' } };
    const wrong = { name, traffic: [pinned('agent-one', 90)] };
    const results = await send(
      { call: 'updateService', request: { service: wrong, updateMask: { paths: ['traffic'] } } },
      { call: 'getService', request: { name: `${name}x` } },
      { client: 'revisions', call: 'listRevisions', request: { parent: name } },
      { client: 'revisions', call: 'deleteRevision', request: { name: `${name}/revisions/agent-one` } },
      { call: 'updateService', request: { service: stale, updateMask: { paths: ['labels'] } } },
    );
    expect(results.map(({ error }) => error?.code)).toEqual([3, 5, 7, 9, 10]);
    expect(results[2]?.error).toMatchObject({
      reason: 'IAM_PERMISSION_DENIED',
      domain: 'iam.googleapis.com',
      errorInfoMetadata: { permission: 'run.revisions.list', resource: name },
    });
    expect(results[4]?.error?.message).toContain(`Conflict for resource 'agent': version '"stale"'`);
  });

  it('gets the failure of an operation', async () => {
    const service = { name, template: { revision: 'agent-two', containers: [{ image: 'ghcr.io/acme/agent:none' }] } };
    const [updated] = await send({ call: 'updateService', request: { service, updateMask: { paths: ['template'] } } });
    expect(updated?.error).toMatchObject({
      code: 13,
      message: expect.stringContaining("Image 'ghcr.io/acme/agent:none' not found."),
    });
  });

  it('logs in once more when its token has ended', async () => {
    const logins = () => world.edge.calls.filter(({ operation }) => operation === 'sts:ExchangeToken').length;
    await send({ ...get, pauseMs: 30 * 60_000 }, { ...get, pauseMs: 31 * 60_000 }, get);
    expect(logins()).toBe(2);
  });
});
