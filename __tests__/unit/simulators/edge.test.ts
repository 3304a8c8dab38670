import type { ChildProcess } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SimulatedRequest } from '../../../simulators/edge/host.ts';
import { openStage, parseLines, type Stage } from '../../fixtures/stage/open-stage.ts';

const url = 'https://cloud.test/thing';

let stage: Stage;
let handled: { readonly at: number; readonly request: SimulatedRequest }[];

beforeEach(async () => {
  handled = [];
  stage = await openStage((request, at) => {
    handled.push({ at, request });
    if (request.url.pathname === '/broken') throw new Error('a bug in the simulator');
    return { status: 200, body: '0123456789', headers: { 'x-simulated': 'yes' } };
  });
});

afterEach(() => stage.close());

describe('a request through the edge', () => {
  it('reaches its host with the production name, over TLS and plain', async () => {
    const results = await stage.request(
      { url: 'https://cloud.test/a?b=c', method: 'PUT', body: 'content' },
      { url: 'http://cloud.test/plain' },
    );
    expect(results.map(({ status }) => status)).toEqual([200, 200]);
    expect(handled.map(({ request }) => `${request.method} ${request.url} ${request.body}`)).toEqual([
      'PUT https://cloud.test/a?b=c content',
      'GET http://cloud.test/plain ',
    ]);
  });

  it('is recorded with its operation, time and answer', async () => {
    const at = stage.clock.now();
    await stage.request({ url, pauseMs: 5_000 }, { url, method: 'POST' });
    const call = { host: 'cloud.test', status: 200 };
    expect(stage.edge.calls).toEqual([
      { ...call, n: 1, operation: 'GET /thing', method: 'GET', mutates: false, at },
      { ...call, n: 2, operation: 'POST /thing', method: 'POST', mutates: true, at: at + 5_000 },
    ]);
  });

  it('is answered with the virtual date', async () => {
    const [result] = await stage.request({ url });
    expect(result?.date).toBe('Sun, 17 Mar 2030 17:46:40 GMT');
  });

  it('comes from curl as well', async () => {
    const script = 'curl -sS https://cloud.test/thing && curl -sS http://cloud.test/thing';
    const { log } = await stage.run('spawns.mjs', { script });
    expect(parseLines(log)).toEqual([{ output: '01234567890123456789', tookMs: 0 }]);
  });

  it('fails with the name of a host that no simulator serves', async () => {
    const results = await stage.request({ url: 'https://nobody.test/' }, { url: 'http://nobody.test/' });
    expect(results[0]?.error).toContain('could not reach nobody.test');
    expect(results[1]).toMatchObject({ status: 502, body: 'no embedded cloud serves nobody.test\n' });
    expect([...stage.edge.unknownHosts]).toEqual(['nobody.test']);
    expect(stage.edge.calls).toEqual([]);
  });

  it('that makes a simulator throw fails the test that closes the edge', async () => {
    const [result] = await stage.request({ url: 'https://cloud.test/broken' });
    expect(result).toMatchObject({ status: 500, body: 'the simulator failed: a bug in the simulator\n' });
    await expect(stage.close()).rejects.toThrow('a bug in the simulator');
    stage = await openStage(() => ({ status: 200 }));
  });
});

describe('an onlooker', () => {
  it('sees the real answer, and is no call', async () => {
    stage.edge.faults.add({ operation: /./, when: 'before', act: { kind: 'drop' } });
    const seen = await stage.edge.get(url, { 'x-own': 'header' });
    expect(seen).toMatchObject({ status: 200, body: '0123456789', headers: { 'x-simulated': 'yes' } });
    expect(handled[0]?.request.headers).toMatchObject({ 'x-own': 'header' });
    expect(Object.keys(handled[0]?.request.headers ?? {})).not.toContain('x-simulator-onlooker');
    expect(stage.edge.calls).toEqual([]);
  });
});

describe('a fault', () => {
  it('"drop" before the effect leaves none', async () => {
    stage.edge.faults.add({ operation: /thing/, when: 'before', act: { kind: 'drop' } });
    const [result] = await stage.request({ url, method: 'POST' });
    expect(result?.error).toContain('socket hang up');
    expect(handled).toHaveLength(0);
    expect(stage.edge.calls).toMatchObject([{ operation: 'POST /thing', status: null }]);
  });

  it('"drop" after the effect loses the answer only', async () => {
    stage.edge.faults.add({ operation: /thing/, when: 'after', act: { kind: 'drop' } });
    const [result] = await stage.request({ url, method: 'POST' });
    expect(result?.error).toContain('socket hang up');
    expect(handled).toHaveLength(1);
  });

  it.each(['before', 'after'] as const)('"status" answers in place of the host, %s the effect', async (when) => {
    const act = { kind: 'status', status: 429, headers: { 'retry-after': '2' }, body: 'slow down' } as const;
    stage.edge.faults.add({ operation: /thing/, when, act });
    const [result] = await stage.request({ url, method: 'POST' });
    expect(result).toMatchObject({ status: 429, body: 'slow down' });
    expect(handled).toHaveLength(when === 'before' ? 0 : 1);
    expect(stage.edge.calls).toMatchObject([{ status: 429 }]);
  });

  it('"truncate" breaks off in the middle of the body', async () => {
    stage.edge.faults.add({ operation: /thing/, when: 'after', act: { kind: 'truncate' } });
    const [result] = await stage.request({ url });
    expect(result?.error).toContain('could not read the response: aborted');
  });

  it('"rewrite" sends the real answer with another body, after the effect', async () => {
    const edit = (body: string): string => `${body}${body}`;
    const [plain] = await stage.request({ url });
    stage.edge.faults.add({ operation: /thing/, when: 'after', act: { kind: 'rewrite', edit } });
    const [result] = await stage.request({ url });
    expect(plain?.body).not.toBe('');
    expect(result).toMatchObject({ status: 200, body: `${plain?.body}${plain?.body}` });
    expect(handled).toHaveLength(2);
  });

  it('"delay" before the effect makes the effect late, even for a client that has given up', async () => {
    const startedAt = stage.clock.now();
    stage.edge.faults.add({ operation: /POST/, when: 'before', act: { kind: 'delay', ms: 9_000 } });
    const [result] = await stage.request({ url, method: 'POST', timeoutMs: 2_000, pauseMs: 20_000 });
    expect(result?.tookMs).toBe(2_000);
    expect(handled.map(({ at }) => at - startedAt)).toEqual([9_000]);
  });

  it('"delay" after the effect makes the answer late', async () => {
    const startedAt = stage.clock.now();
    stage.edge.faults.add({ operation: /POST/, when: 'after', act: { kind: 'delay', ms: 9_000 } });
    const [result] = await stage.request({ url, method: 'POST' });
    expect(result).toMatchObject({ tookMs: 9_000, status: 200 });
    expect(handled.map(({ at }) => at - startedAt)).toEqual([0]);
  });

  it('"close-after" breaks the next request on the kept-alive connection, which is sent again', async () => {
    stage.edge.faults.add({ operation: /thing/, nth: 1, when: 'after', act: { kind: 'close-after' } });
    const results = await stage.request({ url, pauseMs: 1_000 }, { url });
    expect(results.map(({ status }) => status)).toEqual([200, 200]);
    expect(handled).toHaveLength(2);
  });

  it('hits only the call that it counts to', async () => {
    stage.edge.faults.add({ operation: /GET/, nth: 2, when: 'before', act: { kind: 'status', status: 503 } });
    const results = await stage.request({ url }, { url, method: 'POST' }, { url }, { url });
    expect(results.map(({ status }) => status)).toEqual([200, 200, 503, 200]);
  });

  it('is over when it is taken away', async () => {
    const remove = stage.edge.faults.add({ operation: /GET/, when: 'before', act: { kind: 'drop' } });
    remove();
    const [result] = await stage.request({ url });
    expect(result?.status).toBe(200);
  });
});

describe('a listener', () => {
  it.each([
    { when: 'before', effects: 0 },
    { when: 'after', effects: 1 },
  ])('that kills the child $when the effect leaves $effects', async ({ when, effects }) => {
    let child: ChildProcess | null = null;
    stage.edge.onCall((_call, moment) => {
      if (moment !== when) return null;
      child?.kill('SIGKILL');
      return 'drop';
    });
    const result = await stage.run('main.ts', { url }, { onStart: (started) => (child = started) });
    expect(result).toMatchObject({ signal: 'SIGKILL', state: { phase: 'sending' } });
    expect(handled).toHaveLength(effects);
  });

  it('sees its signal handled before the answer arrives', async () => {
    let child: ChildProcess | null = null;
    stage.edge.onCall((_call, when) => (when === 'after' ? child?.kill('SIGINT') : null));
    const startedAt = stage.clock.now();
    const { log, outputs } = await stage.run('main.ts', { url }, { onStart: (started) => (child = started) });
    expect(log).toContain(`cancelled at ${startedAt}`);
    expect(outputs).toEqual({});
    expect(stage.clock.now()).toBe(startedAt);
  });
});
