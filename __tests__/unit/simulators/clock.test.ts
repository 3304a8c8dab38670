import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SimulatedResponse } from '../../../simulators/edge/host.ts';
import { openStage, parseLines, type Stage } from '../../fixtures/stage/open-stage.ts';

let stage: Stage;
let answer: SimulatedResponse;

beforeEach(async () => {
  answer = { status: 200, body: 'ok' };
  stage = await openStage(({ url }) => {
    if (url.pathname === '/slow') return { status: 200, body: 'late', delayMs: 3_000 };
    return answer;
  });
});

afterEach(() => stage.close());

describe('virtual time of a child', () => {
  it('passes ten minutes of polling in a fraction of that, to the millisecond', async () => {
    const inputs = { url: 'https://cloud.test/status', every: '5000', for: '600000' };
    const { log, durationMs } = await stage.run('poll.ts', inputs);
    expect(parseLines(log)).toEqual([{ polls: 120, tookMs: 600_000 }]);
    expect(stage.edge.calls).toHaveLength(120);
    expect(durationMs).toBeLessThan(60_000);
  });

  it('is the same in every run, time stamps included', async () => {
    const inputs = { url: 'https://cloud.test/slow', every: '7919', for: '120000' };
    const runs = [];
    for (let run = 0; run < 3; run++) {
      const startedAt = stage.clock.now();
      const before = stage.edge.calls.length;
      await stage.run('poll.ts', inputs);
      runs.push(stage.edge.calls.slice(before).map(({ operation, at }) => `${at - startedAt} ${operation}`));
    }
    expect(runs[0]).toHaveLength(11);
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
  });

  it('is shown by every kind of timer and clock', async () => {
    const { log } = await stage.run('timers.mjs', {});
    expect(parseLines(log)).toEqual([
      {
        setTimeout: 60_000,
        'node:timers': 61_000,
        promisify: 62_000,
        'timers/promises': 63_000,
        'scheduler.wait': 64_000,
        'three ticks': 30_000,
        'an aborted sleep': 5_000,
        'AbortSignal.timeout': 9_000,
        hashing: 0,
        'a cleared timer': 2_000,
        'performance.now': 1_500,
        hrtime: 1_500,
      },
    ]);
    expect(log).toContain('AbortError');
    expect(log).not.toContain('never');
  });

  it('comes with the same random numbers in every run, for the jitter of retries', async () => {
    const runs = [await stage.run('random.mjs', {}), await stage.run('random.mjs', {})];
    expect(runs[0]?.log).toMatch(/^0\.\d+ 0\.\d+ /);
    expect(runs[1]?.log).toBe(runs[0]?.log);
  });

  it('starts where the child before ended', async () => {
    await stage.run('poll.ts', { url: 'https://cloud.test/status', every: '5000', for: '60000' });
    const ended = stage.clock.now();
    const [first] = await stage.request({ url: 'https://cloud.test/' });
    expect(first?.startedAt).toBe(ended);
  });

  it('also passes for the global fetch', async () => {
    const { log } = await stage.run(
      'fetches.mjs',
      { url: 'https://cloud.test/slow' },
      { env: { NODE_USE_ENV_PROXY: '1' } },
    );
    expect(parseLines(log)).toEqual(Array(3).fill({ tookMs: 3_000, body: 'late' }));
  });

  it('stands still while a request to a server outside is open', async () => {
    const outside = http.createServer((_request, response) => setTimeout(() => response.end('real'), 50));
    await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
    const [result] = await stage.request({ url: `http://127.0.0.1:${(outside.address() as AddressInfo).port}/` });
    outside.close();
    expect(result).toMatchObject({ tookMs: 0, body: 'real' });
  });
});

describe('a request that takes time', () => {
  it('takes exactly as long as its answer is late', async () => {
    const [result] = await stage.request({ url: 'https://cloud.test/slow' });
    expect(result).toMatchObject({ tookMs: 3_000, status: 200, body: 'late' });
  });

  it('times out at exactly its time when it is never answered', async () => {
    stage.edge.faults.add({ operation: /GET/, nth: 1, when: 'before', act: { kind: 'hang' } });
    const results = await stage.request(
      { url: 'https://cloud.test/hangs', timeoutMs: 5_000 },
      { url: 'https://cloud.test/slow', timeoutMs: 5_000 },
    );
    expect(results[0]).toMatchObject({ tookMs: 5_000, error: expect.stringContaining('no answer within 5000 ms') });
    expect(results[1]).toMatchObject({ tookMs: 3_000, body: 'late' });
  });

  it('still counts when it is answered at the very end of its time-out', async () => {
    const [result] = await stage.request({ url: 'https://cloud.test/slow', timeoutMs: 3_000 });
    expect(result).toMatchObject({ tookMs: 3_000, body: 'late' });
  });

  it('ends when a body that had stalled goes on', async () => {
    stage.edge.faults.add({ operation: /GET/, when: 'after', act: { kind: 'stall', ms: 4_000 } });
    const [result] = await stage.request({ url: 'https://cloud.test/slow', timeoutMs: 3_500, bodyTimeoutMs: 5_000 });
    expect(result).toMatchObject({ tookMs: 7_000, status: 200, body: 'late' });
  });

  it('fails at exactly the time-out of a body that stalls for longer', async () => {
    stage.edge.faults.add({ operation: /GET/, when: 'after', act: { kind: 'stall', ms: 60_000 } });
    const [result] = await stage.request({ url: 'https://cloud.test/', timeoutMs: 1_000, bodyTimeoutMs: 5_000 });
    expect(result).toMatchObject({ tookMs: 5_000, error: expect.stringContaining('longer than 5000 ms') });
  });
});

describe('an answer that the child leaves unread', () => {
  it.each([
    ['a short one', 100],
    ['one that fills the buffers between the two', 900_000],
  ])('does not stop time, and is there when it is read: %s', async (_, size) => {
    answer = { status: 200, body: 'x'.repeat(size) };
    const { log } = await stage.run('unread.ts', { url: 'https://cloud.test/' });
    expect(parseLines(log)).toEqual([{ sleptMs: 30_000, late: size, rest: size - 10, readMs: 0 }]);
  });

  it('takes as long as its server, from when somebody reads it', async () => {
    stage.edge.faults.add({ operation: /GET/, nth: 1, when: 'after', act: { kind: 'stall', ms: 40_000 } });
    answer = { status: 200, body: 'x'.repeat(1_000) };
    const { log } = await stage.run('unread.ts', { url: 'https://cloud.test/' });
    expect(parseLines(log)).toEqual([{ sleptMs: 30_000, late: 1_000, rest: 990, readMs: 10_000 }]);
  });
});

describe('a process that the child starts', () => {
  it('lives on real time, and the child waits for it', async () => {
    const script = 'sleep 0.2; printenv SIM_CLOCK_PORT NODE_OPTIONS || echo none; date +%Y';
    const { log } = await stage.run('spawns.mjs', { script });
    expect(parseLines(log)).toEqual([{ output: `none\n${new Date().getFullYear()}`, tookMs: 0 }]);
  });

  it('gets an answer that is late in virtual time', async () => {
    const { log } = await stage.run('spawns.mjs', { script: 'curl -sS https://cloud.test/slow' });
    expect(parseLines(log)).toEqual([{ output: 'late', tookMs: 3_000 }]);
  });
});

describe('a visit', () => {
  it('is paid at each virtual second while time passes, by a real request', async () => {
    const seen: string[] = [];
    const startedAt = stage.clock.now();
    const stop = stage.clock.every(1_000, async (now) => {
      const { headers } = await stage.edge.get('https://cloud.test/status');
      seen.push(`${now - startedAt} ${headers.date}`);
    });
    await stage.run('poll.ts', { url: 'https://cloud.test/status', every: '30000', for: '60000' });
    stop();
    const seconds = Array.from({ length: 60 }, (_, n) => (n + 1) * 1_000);
    expect(seen).toEqual(seconds.map((ms) => `${ms} ${new Date(startedAt + ms).toUTCString()}`));
    expect(stage.edge.calls).toHaveLength(2);
  });

  it('can cancel the child at an exact virtual time', async () => {
    const startedAt = stage.clock.now();
    let cancelChild = () => {};
    stage.clock.every(1_000, async (now) => {
      if (now === startedAt + 12_000) cancelChild();
    });
    const { log, exitCode } = await stage.run(
      'main.ts',
      { url: 'https://cloud.test/' },
      { onStart: (child) => (cancelChild = () => void child.kill('SIGINT')) },
    );
    expect(log).toContain(`cancelled at ${startedAt + 12_000}`);
    expect(exitCode).toBe(1);
  });
});

describe('time that cannot go on', () => {
  it('stops a child that would wait for more than 24 hours', async () => {
    const inputs = { url: 'https://cloud.test/', every: String(25 * 3_600_000), for: String(50 * 3_600_000) };
    const { exitCode, log } = await stage.run('poll.ts', inputs);
    expect(exitCode).toBe(97);
    expect(log).toContain('a move to 90000000 ms later is refused');
    await expect(stage.close()).rejects.toThrow('is refused');
    stage = await openStage(() => ({ status: 200 }));
  });
});
