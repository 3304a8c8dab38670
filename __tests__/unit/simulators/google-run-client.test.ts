import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Call } from '../../../simulators/edge/calls.ts';
import { runStage, type StageOptions } from '../../../simulators/runner.ts';
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
const once = { options: { retry: null } };

let world: World;
let directory: string;
let image: string;
let v2: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'grpc-'));
  world = await openWorld();
  image = world.publish('v1', {});
  v2 = world.publish('v2', {});
  world.google.addService({ service: SERVICE, image, template: { revision: 'agent-one' } });
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
  await world.close();
});

async function run(orders: readonly object[], more: Partial<StageOptions> = {}) {
  const { env } = await world.google.logIn(directory, world.github);
  const stage = await runStage({
    ...{ entry, inputs: { orders: JSON.stringify(orders) } },
    ...more,
    env: { ...world.edge.env, ...env, ...more.env },
  });
  return { ...stage, results: parseLines<Result>(stage.log) };
}

async function send(...orders: readonly object[]): Promise<Result[]> {
  const { exitCode, log, results } = await run(orders);
  if (exitCode !== 0) throw new Error(log);
  return results;
}

const runCalls = (): Call[] => world.edge.calls.filter(({ operation }) => operation.startsWith('run:'));

describe('the unmodified gRPC client', () => {
  it('reads a service, by the name and the answer of the REST call', async () => {
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

  it('sends paths of its mask in snake_case, and no empty labels', async () => {
    await send({
      call: 'updateService',
      request: { service: { name, invokerIamDisabled: true }, updateMask: { paths: ['invoker_iam_disabled'] } },
    });
    const { invokerIamDisabled, labels } = world.google.look(SERVICE).config;
    expect({ invokerIamDisabled, labels }).toEqual({ invokerIamDisabled: true, labels: undefined });
    const { path, body } = world.google.wireLog.find(({ operation }) => operation === 'run:UpdateService')!;
    expect(path).toContain('updateMask=invoker_iam_disabled');
    expect(JSON.parse(body)).toEqual({ name, invokerIamDisabled: true });
  });

  it('does not see what its schema lacks; a REST client does', async () => {
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
    expect(results[4]?.error?.message).toContain(`ABORTED: Conflict for resource 'agent': version '"stale"'`);
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

describe('gRPC in virtual time', () => {
  const sequence = async () => {
    const startedAt = world.clock.now();
    const before = world.edge.calls.length;
    const labels = { run: String(before) };
    await send(
      { call: 'updateService', request: { service: { name, labels }, updateMask: { paths: ['labels'] } } },
      { ...get, together: 3 },
    );
    return world.edge.calls.slice(before).map(({ at, operation }) => `${at - startedAt} ${operation}`);
  };

  it('is the same in every run, time stamps included', async () => {
    const runs = [await sequence(), await sequence(), await sequence()];
    expect(runs[0]?.length).toBeGreaterThan(10);
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
  });

  it('stands still while calls are in flight, several of them on one connection', async () => {
    const results = await send({ ...get, together: 5 }, { ...get, together: 5 });
    expect(results.map(({ tookMs }) => tookMs)).toEqual(Array(10).fill(0));
  });

  it('passes exactly as long as an answer is late, and not while another one on that connection is at work', async () => {
    world.edge.faults.add({ operation: /GetService/, nth: 2, when: 'after', act: { kind: 'delay', ms: 3_000 } });
    const results = await send({ ...get, together: 3 });
    expect(results.map(({ tookMs }) => tookMs)).toEqual([3_000, 3_000, 3_000]);
    expect(runCalls().map(({ at }) => at - results[0]!.startedAt)).toEqual([0, 0, 0]);
  });

  it('ends a call that is never answered at exactly its deadline', async () => {
    world.edge.faults.add({ operation: /GetService/, when: 'before', act: { kind: 'hang' } });
    const [read] = await send({ ...get, options: { timeout: 7_000, retry: null } });
    expect(read).toMatchObject({ tookMs: 7_000, error: { code: 4 } });
  });

  it('passes half an hour of idleness, in which the connection is closed and opened again', async () => {
    const results = await send({ ...get, pauseMs: 3_600_000 }, get);
    expect(results[1]!.startedAt - results[0]!.startedAt).toBe(3_600_000);
    expect(results[1]?.error).toBeUndefined();
  });
});

describe('faults of gRPC calls', () => {
  const update = {
    call: 'updateService',
    request: { service: { name, labels: { a: 'b' } }, updateMask: { paths: ['labels'] } },
    ...once,
  };
  const labels = () => world.google.look(SERVICE).config['labels'];

  it.each([
    ['before', undefined],
    ['after', { a: 'b' }],
  ] as const)('a call that is dropped %s its effect is UNAVAILABLE', async (when, effect) => {
    world.edge.faults.add({ operation: /UpdateService/, when, act: { kind: 'drop' } });
    const [updated] = await send(update);
    expect(updated?.error?.code).toBe(14);
    expect(labels()).toEqual(effect);
  });

  it('one that is read is sent again by the client', async () => {
    world.edge.faults.add({ operation: /GetService/, nth: 1, when: 'before', act: { kind: 'drop' } });
    const [read] = await send(get);
    expect(read?.result).toMatchObject({ name });
    expect(runCalls().map(({ operation, status }) => `${operation} ${status}`)).toEqual([
      'run:GetService null',
      'run:GetService 200',
    ]);
  });

  it.each([
    [503, 14],
    [429, 8],
    [401, 16],
    [500, 13],
  ])('an answer of HTTP %i is code %i', async (status, code) => {
    world.edge.faults.add({ operation: /UpdateService/, when: 'before', act: { kind: 'status', status } });
    const [updated] = await send(update);
    expect(updated?.error?.code).toBe(code);
    expect(labels()).toBeUndefined();
  });

  it('a truncated answer is an error, a stalled one late, a rewritten one another', async () => {
    const { faults } = world.edge;
    faults.add({ operation: /GetService/, nth: 1, when: 'after', act: { kind: 'truncate' } });
    faults.add({ operation: /GetService/, nth: 2, when: 'after', act: { kind: 'stall', ms: 4_000 } });
    faults.add({
      operation: /GetService/,
      nth: 3,
      when: 'after',
      act: { kind: 'rewrite', edit: (body) => body.replace('GA', 'BETA') },
    });
    const results = await send({ ...get, ...once }, { ...get, ...once }, get);
    expect(results[0]?.error?.code).toBeGreaterThan(0);
    expect(results[1]).toMatchObject({ tookMs: 4_000, result: { name } });
    expect(results[2]?.result.launchStage).toBe('BETA');
  });

  it('a connection that is closed after an answer breaks at the next call, which the client sends again', async () => {
    world.edge.faults.add({ operation: /GetService/, nth: 1, when: 'after', act: { kind: 'close-after' } });
    const results = await send(get, get);
    expect(results.map(({ error }) => error)).toEqual([undefined, undefined]);
  });

  it.each([
    ['before', undefined],
    ['after', { a: 'b' }],
  ] as const)('a kill %s the effect hits right there', async (when, effect) => {
    let child: ChildProcess | null = null;
    world.edge.onCall((call, at) => {
      if (call.operation !== 'run:UpdateService' || at !== when) return null;
      child?.kill('SIGKILL');
      return 'drop';
    });
    const { signal } = await run([update], { onStart: (started) => (child = started) });
    expect(signal).toBe('SIGKILL');
    expect(labels()).toEqual(effect);
  });
});
