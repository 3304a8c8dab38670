// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of GitHub, not of JavaScript
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { expandMatrix } from './runner/matrix.ts';
import { runWorkflow } from './runner/run-workflow.ts';
import type { Surroundings } from './runner/workflow-run.ts';

const CHECKOUT = 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1';
let repository = '';
beforeEach(() => {
  repository = mkdtempSync(path.join(tmpdir(), 'repository-'));
});
afterEach(() => rmSync(repository, { recursive: true }));

function run(jobs: string, change: Partial<Surroundings> = {}) {
  return runWorkflow(`on: push\npermissions: {}\nenv:\n  GREETING: hello\njobs:\n${jobs}`, {
    repository,
    name: 'acme/agent',
    event: { name: 'push', ref: 'refs/heads/main' },
    standIns: {},
    network: () => ({}),
    oidc: () => ({ env: {}, asked: () => 0 }),
    tools: '/nowhere',
    tokenFor: () => 'ghs_token',
    approve: () => true,
    ...change,
  });
}

const job = (name: string, body: string, head = '') =>
  `  ${name}:\n    runs-on: ubuntu-latest\n${head}    steps:\n${body}\n`;

describe('the small runner', () => {
  test('hands outputs from step to step and from job to job, with the environment of all three levels', async () => {
    const first = job(
      'first',
      '      - id: say\n        env: { NAME: "${{ env.WHO }}" }\n        run: echo "text=$GREETING $NAME" >> "$GITHUB_OUTPUT"',
      '    env: { WHO: world }\n    outputs: { text: "${{ steps.say.outputs.text }}" }\n',
    );
    const second = job(
      'second',
      '      - run: test "$TEXT" = "hello world"',
      '    needs: first\n    env: { TEXT: "${{ needs.first.outputs.text }}" }\n',
    );
    const { conclusion, jobs } = await run(first + second);
    expect({ conclusion, outputs: jobs['first']!.outputs }).toEqual({
      conclusion: 'success',
      outputs: { text: 'hello world' },
    });
  });

  test('drops an output of a job that contains a masked text, as the runner does', async () => {
    const body =
      '      - id: say\n        run: |-\n          echo "::add-mask::123456789012"\n          echo "image=123456789012.dkr/agent" >> "$GITHUB_OUTPUT"';
    const { jobs, run: done } = await run(
      job('only', body, '    outputs: { image: "${{ steps.say.outputs.image }}" }\n'),
    );
    expect(jobs['only']).toEqual({ result: 'success', outputs: {} });
    expect(done.logs.get('only')).toContain("Skip output 'image' since it may contain secret.");
  });

  test('hides masked texts and the token in logs, but takes no mask from a fenced text', async () => {
    const body = [
      '      - env: { TOKEN: "${{ github.token }}" }',
      '        run: |-',
      '          echo "::stop-commands::fence"',
      '          echo "::add-mask::visible"',
      '          echo "::fence::"',
      '          echo "token $TOKEN visible"',
    ].join('\n');
    const { run: done } = await run(job('only', body));
    expect(done.logs.get('only')).toContain('token *** visible');
  });

  test('skips what follows a failed step, except always() and failure(), and the jobs that need it', async () => {
    const body = [
      '      - run: exit 3',
      '      - { id: skipped, run: echo skipped-ran }',
      '      - { if: failure(), run: echo failure-ran }',
      '      - { if: always(), run: echo always-ran }',
    ].join('\n');
    const next = job('next', '      - run: echo no', '    needs: only\n');
    const last = job('last', '      - run: echo yes', '    needs: next\n    if: always()\n');
    const { jobs, run: done } = await run(job('only', body) + next + last);
    expect(done.logs.get('only')).toMatch(/failure-ran[\s\S]*always-ran/);
    expect(done.logs.get('only')).not.toMatch(/^skipped-ran/m);
    expect(Object.entries(jobs).map(([id, { result }]) => [id, result])).toEqual([
      ['only', 'failure'],
      ['next', 'skipped'],
      ['last', 'success'],
    ]);
  });

  test('goes on after a step that may fail', async () => {
    const body =
      '      - { id: may, run: exit 1, continue-on-error: true }\n      - run: test "${{ steps.may.outcome }}" = failure';
    expect(await run(job('only', body))).toMatchObject({ conclusion: 'success' });
  });

  test('fails a pipe by its first command only where the shell is bash by name, as GitHub does', async () => {
    const body = (shell: string) => `      - run: false | true\n${shell}`;
    expect(await run(job('only', body('')))).toMatchObject({ conclusion: 'success' });
    expect(await run(job('only', body('        shell: bash\n')))).toMatchObject({ conclusion: 'failure' });
  });

  test('refuses an action that is not pinned in the table, one without a test double, and a workflow that GitHub refuses', async () => {
    const { run: unknown } = await run(job('only', '      - uses: actions/checkout@v1'));
    expect(unknown.logs.get('only')).toContain('Unable to resolve action actions/checkout@v1');
    const { run: alone } = await run(job('only', `      - uses: ${CHECKOUT}`));
    expect(alone.logs.get('only')).toContain('actions/checkout has no stand-in');
    await expect(run(job('only', '      - runs: echo'))).rejects.toThrow(/Unexpected value 'runs'/);
  });

  test('starts no job whose environment was declined', async () => {
    const { jobs } = await run(job('only', '      - run: echo no', '    environment: production\n'), {
      approve: () => false,
    });
    expect(jobs['only']!.result).toBe('failure');
  });

  test('gives a called workflow its inputs and secrets, and no more permissions than its caller has', async () => {
    const called = [
      'on:',
      '  workflow_call:',
      '    inputs: { who: { type: string, required: true }, greeting: { type: string, default: hi } }',
      '    secrets: { key: { required: false } }',
      '    outputs: { said: { value: "${{ jobs.say.outputs.said }}" } }',
      'permissions: {}',
      'jobs:',
      '  say:',
      '    runs-on: ubuntu-latest',
      '    permissions: { contents: write }',
      '    outputs: { said: "${{ steps.say.outputs.said }}" }',
      '    steps:',
      '      - id: say',
      '        run: echo "said=${{ inputs.greeting }} ${{ inputs.who }}$GREETING" >> "$GITHUB_OUTPUT"',
    ].join('\n');
    const caller =
      '  call:\n    permissions: { contents: read }\n    uses: ./.github/workflows/called.yml\n    with: { who: you }\n';
    const { jobs, run: done } = await run(caller, { findWorkflow: () => called });
    expect(jobs['call']).toEqual({ result: 'success', outputs: { said: 'hi you' } });
    expect(done.permissions.get('call / say')!.granted).toEqual({ contents: 'read' });
  });

  test('interrupts the script that runs on cancellation; only always() and cancelled() follow', async () => {
    const body = [
      '      - run: sleep 5 > /dev/null 2>&1 & wait',
      '      - { run: echo next-ran }',
      '      - { if: always(), run: echo always-ran }',
      '      - { if: cancelled(), run: echo cancelled-ran }',
    ].join('\n');
    let cancelled = false;
    const onScript: Surroundings['onScript'] = (_job, running) => {
      if (!cancelled) setTimeout(() => running.cancel(), 100);
      cancelled = true;
    };
    const next = job('next', '      - run: echo no', '    needs: only\n');
    const { conclusion, jobs, run: done } = await run(job('only', body) + next, { onScript });
    expect(conclusion).toBe('cancelled');
    expect(done.logs.get('only')).toMatch(/^always-ran[\s\S]*^cancelled-ran/m);
    expect(done.logs.get('only')).not.toMatch(/^next-ran/m);
    expect(jobs['next']!.result).toBe('cancelled');
  });

  test('reads hashes of files only in steps', async () => {
    writeFileSync(path.join(repository, 'lock'), 'x');
    const standIns = { 'actions/checkout': () => ({}) };
    const body = `      - uses: ${CHECKOUT}\n      - run: test "\${{ hashFiles('nothing') }}" = ""`;
    expect(await run(job('only', body), { standIns })).toMatchObject({ conclusion: 'success' });
  });
});

describe('a matrix', () => {
  test('is every combination, without what is excluded, with what is included', () => {
    const combinations = expandMatrix({
      os: ['a', 'b'],
      node: [20, 24],
      exclude: [{ os: 'a', node: 20 }],
      include: [{ os: 'b', extra: 1 }, { os: 'c' }],
    });
    expect(combinations).toEqual([
      { os: 'a', node: 24 },
      { os: 'b', node: 20, extra: 1 },
      { os: 'b', node: 24, extra: 1 },
      { os: 'c' },
    ]);
    expect(expandMatrix({ include: [{ a: 1 }, { a: 2 }] })).toEqual([{ a: 1 }, { a: 2 }]);
  });
});
