import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { systemClock } from '../../../src/io/clock.ts';
import { openExec } from '../../../src/io/exec.ts';
import { DeployError } from '../../../src/model/errors.ts';

const exec = openExec(systemClock);
const options = { input: '', timeoutMs: 20_000 };
const node = (script: string, more = {}) => exec.run(process.execPath, ['-e', script], { ...options, ...more });

test('a command gets its input and gives its output and exit code', async () => {
  const script = "process.stdin.on('data', (d) => process.stdout.write('got ' + d)).on('end', () => process.exit(3))";
  expect(await node(script, { input: 'héllo' })).toEqual({
    exitCode: 3,
    signal: null,
    timedOut: false,
    stdout: 'got héllo',
  });
});

test('a command is started without a shell, which would act on its arguments', async () => {
  const args = ['$(echo ran)', '; echo ran', '`echo ran`', '| cat', '*', "it's"];
  const { stdout } = await exec.run(
    process.execPath,
    ['-p', 'JSON.stringify(process.argv.slice(1))', ...args],
    options,
  );
  expect(JSON.parse(stdout)).toEqual(args);
});

test('a command that does not exist is UNSUPPORTED', async () => {
  await expect(exec.run('docker-credential-no-such-helper', ['get'], options)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: 'could not start docker-credential-no-such-helper: ENOENT',
  });
});

test('a command that does not read its input ends as it likes', async () => {
  expect(await node('process.exit(0)', { input: 'x'.repeat(1_000_000) })).toMatchObject({ exitCode: 0 });
});

test('a command that prints without end is not held in memory', async () => {
  await expect(node("process.stdout.write('x'.repeat(2 ** 21))")).rejects.toMatchObject({ code: 'UNEXPECTED' });
});

test('a command whose time is up is ended, with the processes that it started', async () => {
  const script =
    "const { pid } = require('child_process').spawn('sleep', ['1000']); console.log(pid); setInterval(() => {}, 1e6)";
  const { timedOut, signal, stdout } = await node(script, { timeoutMs: 1_000 });
  expect({ timedOut, signal }).toEqual({ timedOut: true, signal: 'SIGTERM' });
  expect(isAlive(Number(stdout))).toBe(false);
});

test('a command has the environment and the folder that it is given, and nothing else', async () => {
  const script = 'console.log(JSON.stringify([process.cwd(), process.env.A, process.env.HOME]))';
  const { stdout } = await node(script, { cwd: '/', env: { A: 'b' } });
  expect(JSON.parse(stdout)).toEqual(['/', 'b', null]);
});

test('a cancel ends a command, and its reason comes out', async () => {
  const controller = new AbortController();
  const reason = new DeployError('CANCELLED', 'the job was cancelled');
  const output = {
    stdout: { write: () => controller.abort(reason), end: () => {} },
    stderr: { write: () => {}, end: () => {} },
  };
  const script = 'console.log(1); setInterval(() => {}, 1e6)';
  await expect(node(script, { signal: controller.signal, output })).rejects.toBe(reason);
});

/** One that is dead but not yet collected by init still has a number. */
function isAlive(pid: number): boolean {
  const status = `/proc/${pid}/status`;
  return existsSync(status) && !/^State:\s+Z/m.test(readFileSync(status, 'utf8'));
}
