import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseFileCommands } from '../../../simulators/file-commands.ts';
import { cancel, runAction, runStage } from '../../../simulators/runner.ts';
import { entryOf, openStage, parseLines, type Stage } from '../../fixtures/stage/open-stage.ts';

let stage: Stage;

beforeEach(async () => {
  stage = await openStage(() => ({ status: 200 }));
});

afterEach(() => stage.close());

function action(onStart: (child: ChildProcess) => void = () => {}) {
  return runAction({
    main: entryOf('main.ts'),
    post: entryOf('post.mjs'),
    inputs: { url: 'https://cloud.test/deploy' },
    env: stage.edge.env,
    onStart,
  });
}

describe('an action', () => {
  it('hands the state of main to post, which starts at the time where main ended', async () => {
    const startedAt = stage.clock.now();
    const { main, post, summary } = await action();
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' }, stateBroken: false });
    expect(parseLines(post.log)).toEqual([
      { startedAt: startedAt + 30_000, phase: 'committed', text: 'two\nlines = 2 << 3' },
    ]);
    expect(summary).toBe('## main\n## post\n');
  });

  it('keeps what main saved before it was killed in a call, and post starts there', async () => {
    let child: ChildProcess | null = null;
    const startedAt = stage.clock.now();
    stage.edge.faults.add({ operation: /deploy/, when: 'before', act: { kind: 'delay', ms: 4_000 } });
    stage.edge.onCall((_call, when) => (when === 'after' ? child?.kill('SIGKILL') : null));
    const { main, post } = await action((started) => {
      child = started;
    });
    expect(main).toMatchObject({ exitCode: null, signal: 'SIGKILL', outputs: {}, state: { phase: 'sending' } });
    expect(parseLines(post.log)).toMatchObject([{ startedAt: startedAt + 4_000, phase: 'sending' }]);
  });

  it('is the same in every run', async () => {
    const runs = [];
    for (let run = 0; run < 3; run++) {
      const startedAt = stage.clock.now();
      const before = stage.edge.calls.length;
      await action();
      runs.push(stage.edge.calls.slice(before).map(({ operation, at }) => `${at - startedAt} ${operation}`));
    }
    expect(runs[0]).toEqual(['0 POST /deploy']);
    expect(new Set(runs.map(String)).size).toBe(1);
  });
});

describe('a stage', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'runner-test-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function runScript(source: string, more: Partial<Parameters<typeof runStage>[0]> = {}) {
    const entry = join(directory, 'entry.mjs');
    await writeFile(entry, source);
    return runStage({ entry, inputs: {}, env: {}, directory: join(directory, 'job'), ...more });
  }

  it('gets its inputs as the runner names them', async () => {
    const source = `console.log(process.env['INPUT_SMOKE-TESTS'], process.env['INPUT_TWO_WORDS'])`;
    const { log } = await runScript(source, { inputs: { 'smoke-tests': 'GET /', 'two words': 'yes' } });
    expect(log).toBe('GET / yes\n');
  });

  it('gets nothing of the environment outside, except PATH', async () => {
    process.env['AWS_PROFILE'] = 'personal';
    const source = `console.log(JSON.stringify({ profile: process.env.AWS_PROFILE, ci: process.env.CI, path: process.env.PATH }))`;
    const { log } = await runScript(source);
    delete process.env['AWS_PROFILE'];
    expect(parseLines(log)).toEqual([{ ci: 'true', path: process.env['PATH'] }]);
  });

  it('runs in its workspace, and its RUNNER_TEMP stays for whoever gave the folder', async () => {
    const source = `import fs from 'node:fs'; fs.writeFileSync(process.env.RUNNER_TEMP + '/report.json', process.cwd());`;
    await runScript(source);
    expect(existsSync(join(directory, 'job/temp/report.json'))).toBe(true);
  });

  it('reports a state file that breaks off, and keeps the pairs before', async () => {
    const source = `import fs from 'node:fs'; fs.writeFileSync(process.env.GITHUB_STATE, 'a<<E\\n1\\nE\\nb<<E\\n2');`;
    expect(await runScript(source)).toMatchObject({ exitCode: 0, state: { a: '1' }, stateBroken: true });
  });

  it('ends although a process that it left behind holds its output open', async () => {
    const source = `import { spawn } from 'node:child_process';
      const left = spawn('sleep', ['30'], { stdio: 'inherit', detached: true });
      left.unref();
      console.log(left.pid);`;
    const { log, exitCode, durationMs } = await runScript(source, { openOutputMs: 100 });
    process.kill(Number(log), 'SIGKILL');
    expect(exitCode).toBe(0);
    expect(durationMs).toBeLessThan(10_000);
  });

  it('that is cancelled gets SIGINT first', async () => {
    const source = `process.once('SIGINT', () => { console.log('SIGINT'); process.exit(3); }); setInterval(() => {}, 1000); console.log('ready');`;
    let child: ChildProcess | undefined;
    const result = await runScript(source, {
      onStart: (started) => {
        child = started;
      },
      onOutput: (text) => {
        if (text.includes('ready') && child) cancel(child);
      },
    });
    expect(result).toMatchObject({ log: 'ready\nSIGINT\n', exitCode: 3, signal: null });
  });

  it('that ignores SIGINT and SIGTERM is killed', async () => {
    const source = `process.on('SIGINT', () => console.log('SIGINT')); process.on('SIGTERM', () => console.log('SIGTERM')); setInterval(() => {}, 1000); console.log('ready');`;
    let child: ChildProcess | undefined;
    const started = runScript(source, {
      onStart: (process) => {
        child = process;
      },
      onOutput: (text) => {
        if (text.includes('ready') && child) cancel(child, { afterSigintMs: 100, afterSigtermMs: 100 });
      },
    });
    const { log, signal } = await started;
    expect({ log, signal }).toEqual({ log: 'ready\nSIGINT\nSIGTERM\n', signal: 'SIGKILL' });
  });
});

describe('a file of commands', () => {
  it.each([
    { text: 'a=1\nb=2\n', pairs: { a: '1', b: '2' }, broken: false },
    { text: 'a=1=2\na=3\n', pairs: { a: '3' }, broken: false },
    { text: 'a<<END\nx\n\ny=1\nEND\nb=2', pairs: { a: 'x\n\ny=1', b: '2' }, broken: false },
    { text: 'a<<END\nEND\n', pairs: { a: '' }, broken: false },
    { text: 'a=1\nb<<END\nhalf', pairs: { a: '1' }, broken: true },
    { text: 'a=1\nnonsense\nb=2\n', pairs: { a: '1' }, broken: true },
    { text: '=1\n', pairs: {}, broken: true },
    { text: '', pairs: {}, broken: false },
  ])('$text', ({ text, pairs, broken }) => {
    expect(parseFileCommands(text)).toEqual({ pairs, broken });
  });
});
