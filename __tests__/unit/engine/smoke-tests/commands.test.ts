import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it, test } from '@jest/globals';
import { toShellPath } from '../../../../src/engine/smoke-tests/run-script.ts';
import { parseSmokeTests } from '../../../../src/inputs/smoke-tests.ts';
import { DeployError } from '../../../../src/model/errors.ts';
import { openWorld, systemClock } from './world.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'smoke-command-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PATH = process.env['PATH'];
const openReal = (options: { env?: Record<string, string>; signal?: AbortSignal } = {}) =>
  openWorld({
    clock: systemClock,
    env: { PATH, RUNNER_TEMP: folder, GITHUB_WORKSPACE: folder, ...options.env },
    ...(options.signal ? { signal: options.signal } : {}),
  });

/** As a YAML block, so that the script needs no quoting. */
const step = (script: string, options = ''): string =>
  `- run: |\n${script.replace(/^/gm, '    ')}\n${options.replace(/^(?=.)/gm, '  ')}`;

/** Where actions and runners put keys of clouds, tokens and passwords. */
const CREDENTIALS = [
  ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_PROFILE'],
  ...['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_AUTHORIZATION_TOKEN', 'AWS_REGION'],
  ...['GOOGLE_APPLICATION_CREDENTIALS', 'GOOGLE_GHA_CREDS_PATH', 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE'],
  ...[
    'AZURE_CLIENT_SECRET',
    'AZURE_CLIENT_ID',
    'ARM_CLIENT_SECRET',
    'AZURE_CONFIG_DIR',
    'IDENTITY_HEADER',
    'MSI_SECRET',
  ],
  ...['KUBECONFIG', 'DOCKER_CONFIG', 'REGISTRY_PASSWORD', 'NPM_TOKEN', 'NODE_AUTH_TOKEN', 'GH_TOKEN', 'GITHUB_TOKEN'],
  ...['GITHUB_PAT', 'RUNNER_TOKEN', 'MY_SECRET', 'BASH_ENV', 'SSH_AUTH_SOCK', 'CI_JOB_TOKEN'],
];
/** What belongs to this action and to the runner. */
const OWN = [
  ...['INPUT_REGISTRY-PASSWORD', 'INPUT_IMAGE', 'STATE_journal', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN'],
  ...['ACTIONS_ID_TOKEN_REQUEST_URL', 'ACTIONS_RUNTIME_TOKEN', 'ACTIONS_RESULTS_URL', 'ACTIONS_CACHE_URL'],
  ...['GITHUB_STATE', 'GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_PATH', 'GITHUB_STEP_SUMMARY'],
];
const withValue = (names: readonly string[], value: string) => Object.fromEntries(names.map((name) => [name, value]));
const listed = (passedVariables: readonly string[], script: string) =>
  parseSmokeTests(step(script), { readFile: () => '' }, { networks: 'any', passedVariables });

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // An orphan that is dead but not yet collected by init still has a number.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

describe('a script', () => {
  it('passes with exit code 0, and its output is printed', async () => {
    const world = openReal();
    const [result] = await world.run(step('echo one\necho two >&2\nprintf three'));
    expect(result).toMatchObject({ name: 'echo one', passed: true, attempts: 1 });
    expect(result!.detail).toMatch(/^exit code 0 in /);
    expect([...world.foreign].sort()).toEqual(['one', 'three', 'two']);
  });

  test.each([
    ['exit 7', 'exit code 7; it printed nothing'],
    ['echo why; exit 7', 'exit code 7; last log lines: "why"'],
    ['false\necho not reached', 'exit code 1; it printed nothing'],
    ['false | true\necho not reached', 'exit code 1; it printed nothing'],
    ['kill -KILL $$', 'ended by SIGKILL; it printed nothing'],
    [
      'no-such-command-of-ours || exit 9',
      /^exit code 9; last log lines: ".*no-such-command-of-ours: command not found"$/,
    ],
  ])('%j fails', async (script, detail) => {
    const [result] = await openReal().run(step(script));
    expect(result!.passed).toBe(false);
    expect(result!.detail).toEqual(typeof detail === 'string' ? detail : expect.stringMatching(detail));
  });

  it('runs in the workspace, and knows what was deployed', async () => {
    const world = openReal();
    const endpoint = { url: 'https://agent.acme.dev', headers: async () => ({ authorization: 'Bearer never-shown' }) };
    await world.run(step('pwd\necho "$DEPLOY_URL $DEPLOY_REVISION $DEPLOY_IMAGE"\nenv'), { endpoint });
    expect(world.foreign.slice(0, 2)).toEqual([folder, 'https://agent.acme.dev agent:42 r.io/agent@sha256:abc']);
    expect(world.foreign.join('\n')).not.toContain('never-shown');
  });

  it('gets what programs need and what GitHub says about the run, and nothing else', async () => {
    const kept = {
      ...{
        HOME: 'kept-1',
        LANG: 'kept-2',
        LC_ALL: 'kept-3',
        CI: 'kept-4',
        https_proxy: 'kept-5',
        HTTPS_PROXY: 'kept-6',
      },
      ...{ GITHUB_SHA: 'kept-7', GITHUB_EVENT_PATH: 'kept-8', RUNNER_OS: 'kept-9' },
    };
    const world = openReal({ env: { ...withValue(CREDENTIALS, 'withheld'), ...withValue(OWN, 'withheld'), ...kept } });
    await world.run(step('env'));
    const text = world.foreign.join('\n');
    expect(text).not.toContain('withheld');
    for (const value of Object.values(kept)) expect(text).toContain(value);
    expect(text).toContain('DEPLOY_REVISION=agent:42');
  });

  it('gets the variables that `smoke-test-env` lists, by their exact names or by a prefix', async () => {
    const env = {
      API_TOKEN: 'asked-1',
      STAGING_A: 'asked-2',
      STAGING_B: 'asked-3',
      API_TOKEN_2: 'no',
      staging_c: 'no',
    };
    const world = openReal({ env });
    await world.run(step('env'), { tests: listed(['API_TOKEN', 'STAGING_*'], 'env') });
    const given = world.foreign.filter((line) => /^(?:API_|STAGING_)/i.test(line)).sort();
    expect(given).toEqual(['API_TOKEN=asked-1', 'STAGING_A=asked-2', 'STAGING_B=asked-3']);
  });

  test.each([['INPUT_*'], ['ACTIONS_*'], ['GITHUB_*'], ['STATE_*']])(
    'gets none that belongs to the action, not even with %s',
    async (pattern) => {
      const world = openReal({ env: withValue(OWN, 'withheld') });
      await world.run(step('env'), { tests: listed([pattern], 'env') });
      expect(world.foreign.join('\n')).not.toContain('withheld');
    },
  );

  it('that fails and mentions a variable which it did not get is told the input', async () => {
    const world = openReal({ env: { API_TOKEN: 't', OTHER: 'o' } });
    const [result] = await world.run(step('[ "$(printenv API_TOKEN)" = t ]'));
    expect(result!.detail).toBe(
      'exit code 1; it printed nothing; commands get API_TOKEN only if `smoke-test-env` lists it',
    );
  });

  it('is a private file while it runs, and gone afterwards', async () => {
    const world = openReal();
    await world.run(step('stat -c "%a %n" "$0"; exit 1'));
    expect(world.foreign[0]).toMatch(new RegExp(`^600 ${folder}/deploy-agent-[0-9a-f-]{36}\\.sh$`));
    expect(readdirSync(folder).filter((name) => name.endsWith('.sh'))).toEqual([]);
  });

  it('cannot issue a workflow command', async () => {
    const world = openReal();
    const [result] = await world.run(
      step('echo "::error::boo"; echo "##[group]x"; printf "a\\r::set-env name=A::b\\n"; printf "\\033[2J\\n"; exit 1'),
    );
    const shown = [...world.foreign, ...world.printed].join('\n');
    for (const line of shown.split('\n')) expect(line).not.toMatch(/^\s*::|##\[/);
    expect(shown).not.toContain('\u001b');
    expect(shown).toContain('boo');
    expect(result!.detail).not.toContain('\u001b');
  });

  it('may print more than is shown', async () => {
    const world = openReal();
    const [result] = await world.run(
      step(
        'head -c 3000000 /dev/zero | tr "\\0" "x"; echo\nyes abcdefg | head -c 4000000 || true\necho; echo last; exit 1',
      ),
    );
    expect(result!.detail).toContain('abcdefg / last"');
    expect(world.foreign[0]).toHaveLength(4097);
    expect(world.foreign.at(-1)).toBe('(more than 1 MiB of output: the rest is not shown)');
    expect(world.foreign.join('\n').length).toBeLessThan(1_300_000);
  });

  it('that fails is run again while there is time', async () => {
    const mark = path.join(folder, 'second-time');
    const world = openReal();
    const [result] = await world.run(step(`[ -e ${mark} ] || { touch ${mark}; exit 1; }`, 'retry-for: 20s'));
    expect(result).toMatchObject({ passed: true, attempts: 2 });
  });

  it('is a failure, not a crash, where there is no shell', async () => {
    const [result] = await openReal({ env: { PATH: '/nonexistent' } }).run(step('true', 'retry-for: 1h'));
    expect(result).toMatchObject({
      passed: false,
      attempts: 1,
      detail: expect.stringContaining('could not start sh: ENOENT'),
    });
  });
});

describe('when a script is over, nothing of it is left', () => {
  const background = 'sleep 1000 & echo "pid $!"';
  const pidIn = (lines: readonly string[]): number => Number(/pid (\d+)/.exec(lines.join('\n'))![1]);

  it('after its time is up', async () => {
    const world = openReal();
    const [result] = await world.run(step(`${background}\nsleep 1000`, 'timeout: 1s'));
    expect(result!.detail).toMatch(/^not done within 1s, so it was stopped; last log lines: "pid \d+"$/);
    expect(isAlive(pidIn(world.foreign))).toBe(false);
  });

  it('although it ignores SIGTERM', async () => {
    const world = openReal();
    const [result] = await world.run(step(`trap "" TERM\n${background}\nsleep 1000; sleep 1000`, 'timeout: 1s'));
    expect(result!.passed).toBe(false);
    expect(isAlive(pidIn(world.foreign))).toBe(false);
  });

  it('after a background process kept the pipe open', async () => {
    const world = openReal();
    const [result] = await world.run(step(background));
    expect(result).toMatchObject({ passed: true });
    expect(isAlive(pidIn(world.foreign))).toBe(false);
  });

  it('and one that left the group does not keep us waiting', async () => {
    const world = openReal();
    const [result] = await world.run(step('setsid sleep 1000 & echo "pid $!"'));
    expect(result).toMatchObject({ passed: true });
    process.kill(pidIn(world.foreign), 'SIGKILL');
  });

  it("when the run's time is up", async () => {
    const world = openReal();
    const run = { deadline: Date.now() + 500 };
    const [result] = await world.run(step(`${background}\nsleep 1000`), run);
    expect(result!.detail).toMatch(/^not done within \d+ ms, so it was stopped/);
    expect(isAlive(pidIn(world.foreign))).toBe(false);
  });

  it('when the job is cancelled, and the reason comes out', async () => {
    const controller = new AbortController();
    const reason = new DeployError('CANCELLED', 'the job was cancelled');
    const world = openReal({ signal: controller.signal });
    const { foreign } = world.io.log;
    const log = {
      ...world.io.log,
      foreign(lines: readonly string[]) {
        foreign(lines);
        controller.abort(reason);
      },
    };
    Object.assign(world.io, { log });
    await expect(world.run(step(`${background}\nsleep 1000`))).rejects.toBe(reason);
    expect(isAlive(pidIn(world.foreign))).toBe(false);
    expect(readdirSync(folder).filter((name) => name.endsWith('.sh'))).toEqual([]);
  });

  it('and what a process still writes after the script is printed', async () => {
    const world = openReal();
    await world.run(step('exec > >(sleep 0.2; cat)\necho late'));
    expect(world.foreign).toContain('late');
  });
});

it('the script itself is written to the temporary folder of the system where the runner names none', async () => {
  const world = openWorld({ clock: systemClock, env: { PATH } });
  await world.run(step('echo "$0"'));
  expect(path.dirname(world.foreign[0]!)).toBe(tmpdir());
  expect(existsSync(world.foreign[0]!)).toBe(false);
});

describe('a shell', () => {
  /** A folder with these programs only. */
  function only(...names: readonly string[]): string {
    const bin = mkdtempSync(path.join(folder, 'bin-'));
    for (const name of names) symlinkSync(`/bin/${name}`, path.join(bin, name));
    return bin;
  }

  test('is sh where there is no bash, as in many job containers, and it is said', async () => {
    const world = openReal({ env: { PATH: only('sh') } });
    const [result] = await world.run(
      step('echo "$0" > /dev/null\necho by sh $DEPLOY_REVISION\nfalse\necho not reached'),
    );
    expect(result).toMatchObject({ passed: false, detail: 'exit code 1; last log lines: "by sh agent:42"' });
    expect(world.printed.filter((line) => line.includes('There is no bash here'))).toHaveLength(1);
  });

  test.each([
    ['D:\\a\\_temp\\deploy-agent-1.sh', 'win32', 'D:/a/_temp/deploy-agent-1.sh'],
    ['D:/a/_temp/x.sh', 'win32', 'D:/a/_temp/x.sh'],
    ['\\\\server\\share\\x.sh', 'win32', '//server/share/x.sh'],
    ['/tmp/odd\\name.sh', 'linux', '/tmp/odd\\name.sh'],
    ['/tmp/x.sh', 'darwin', '/tmp/x.sh'],
  ] as const)('gets the path %s on %s as %s', (file, platform, expected) => {
    expect(toShellPath(file, platform)).toBe(expected);
  });
});
