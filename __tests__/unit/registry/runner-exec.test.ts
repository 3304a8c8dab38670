import { expect, test } from '@jest/globals';
import { runnerExec } from '../../../src/io/exec.ts';
import { failureOf } from './copy-world.ts';

const options = { input: '', timeoutMs: 20_000 };

test('a command gets its input and gives its output and exit code', async () => {
  const script = "process.stdin.on('data', (d) => process.stdout.write('got ' + d)).on('end', () => process.exit(3))";
  const result = await runnerExec.run(process.execPath, ['-e', script], { ...options, input: 'héllo' });
  expect(result).toEqual({ exitCode: 3, stdout: 'got héllo' });
});

test('a command that does not exist has exit code 127', async () => {
  expect(await runnerExec.run('docker-credential-no-such-helper', ['get'], options)).toEqual({
    exitCode: 127,
    stdout: '',
  });
});

test('a command that prints without end is not held in memory', async () => {
  const script = "process.stdout.write('x'.repeat(2 ** 21))";
  expect((await failureOf(runnerExec.run(process.execPath, ['-e', script], options))).code).toBe('UNEXPECTED');
});
