import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openProcessPool, type ProcessPool } from '../../../simulators/process-pool/process-pool.ts';
import { runStage } from '../../../simulators/runner.ts';
import { entryOf, openStage, parseLines, type Stage } from '../../fixtures/stage/open-stage.ts';

interface Found {
  readonly pid: number;
  readonly at: number;
}

let stage: Stage;
let pool: ProcessPool;

beforeEach(async () => {
  stage = await openStage(() => ({ status: 200, body: 'ok' }));
  pool = openProcessPool();
});

afterEach(async () => {
  pool.close();
  await stage.close();
});

/** In a process of the pool; absent: in one of its own. */
async function run(ending: string, on?: ProcessPool, world = stage) {
  const inputs = { url: 'https://cloud.test/', ending };
  const result = await runStage({ entry: entryOf('traces.mjs'), inputs, env: world.edge.env, pool: on ?? null });
  return { ...result, found: parseLines<Found>(result.log)[0] };
}

describe('a stage in a pooled process', () => {
  it('finds what it finds in a new process: nothing of the stages before it', async () => {
    const fresh = await run('');
    await run('', pool);
    const second = await openStage(() => ({ status: 200, body: 'ok' }));
    const later = await run('', pool, second);
    await second.close();
    const { pid, ...rest } = later.found ?? ({} as Found);
    expect(pid).toBe((await run('', pool)).found?.pid);
    expect(rest).toEqual({ ...fresh.found, pid: undefined });
    for (const field of ['exitCode', 'signal', 'outputs', 'state', 'summary'] as const) {
      expect({ [field]: later[field] }).toEqual({ [field]: fresh[field] });
    }
    expect(later).toMatchObject({ exitCode: 3, summary: 'a summary', outputs: { outcome: 'deployed' } });
  });

  it.each([
    ['hold open', { exitCode: 3, log: expect.stringContaining('held open until here') }],
    ['never settle', { exitCode: 13 }],
    ['exit', { exitCode: 7 }],
    ['throw', { exitCode: 1, log: expect.stringContaining('thrown later') }],
  ])('ends as a process does: %s', async (ending, expected) => {
    await run('', pool);
    const [startedAt, result] = [stage.clock.now(), await run(ending, pool)];
    expect(result).toMatchObject(expected);
    if (ending === 'hold open') expect(stage.clock.now()).toBe(startedAt + 60_100);
    // The next stage has a process, whatever became of this one.
    expect(await run('', pool)).toMatchObject({ exitCode: 3 });
  });

  it('runs beside another one in a process of its own', async () => {
    const other = await openStage(() => ({ status: 200, body: 'ok' }));
    const results = await Promise.all([run('', pool), run('', pool, other)]);
    await other.close();
    expect(results.map(({ exitCode }) => exitCode)).toEqual([3, 3]);
    expect(results[0]?.found?.pid).not.toBe(results[1]?.found?.pid);
  });
});
