import { describe, expect, test } from '@jest/globals';
import type { Exec } from '../../../src/io/exec.ts';
import { DeployError } from '../../../src/model/errors.ts';
import { dockerConfigKeychain } from '../../../src/registry/docker-config-keychain.ts';
import { failureOf } from './copy-world.ts';
import { memoryLog } from './world.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

interface Answer {
  readonly exitCode?: number;
  readonly stdout?: unknown;
}

/** A machine with this config.json and these credential helpers: name -> server -> answer. */
function machine(config: unknown, helpers: Record<string, Record<string, Answer>> = {}) {
  const exec: Exec = {
    async run(command, args, { input = '' }) {
      const helper = helpers[command.replace(/^docker-credential-/, '')];
      if (!helper || args.join(' ') !== 'get') return { exitCode: 127, stdout: '' };
      const answer = helper[input];
      if (!answer) return { exitCode: 1, stdout: 'credentials not found in native keychain\n' };
      const stdout = typeof answer.stdout === 'string' ? answer.stdout : JSON.stringify(answer.stdout ?? '');
      return { exitCode: answer.exitCode ?? 0, stdout };
    },
  };
  const log = memoryLog();
  const readFile = async (path: string): Promise<string> => {
    if (path !== '/home/runner/.docker/config.json') throw Object.assign(new Error('none'), { code: 'ENOENT' });
    return typeof config === 'string' ? config : JSON.stringify(config);
  };
  const keychain = dockerConfigKeychain({ env: { HOME: '/home/runner' }, exec, readFile, log });
  return { log, resolve: (registry: string) => keychain.resolve(registry), exec, readFile };
}

const robot = { username: 'robot', password: 'correct:horse' };
const identity = { username: '<token>', password: 'x' };
const written = { auth: base64('robot:correct:horse') };

describe('logins that are written down', () => {
  test.each([
    ['a host', 'ghcr.io', 'ghcr.io'],
    ['a host with a scheme', 'https://ghcr.io', 'ghcr.io'],
    ['a host with a scheme and a version', 'https://ghcr.io/v2/', 'ghcr.io'],
    ['a host with a port', 'localhost:5000', 'localhost:5000'],
    ['Docker Hub', 'https://index.docker.io/v1/', 'docker.io'],
  ])('are found under %s', async (_name, key, registry) => {
    expect(await machine({ auths: { [key]: written } }).resolve(registry)).toEqual(robot);
  });

  test('are found with user name and password apart', async () => {
    expect(await machine({ auths: { 'ghcr.io': robot } }).resolve('ghcr.io')).toEqual(robot);
  });

  test.each([
    ['another host', { 'ghcr.io.example': written }],
    ['a path in the host', { 'ghcr.io/acme': written }],
    ['nothing in it, as a credential store leaves it', { 'ghcr.io': {} }],
  ])('with %s are not for this registry', async (_name, auths) => {
    expect(await machine({ auths }).resolve('ghcr.io')).toBeNull();
  });

  test('are an identity token where there is one, as docker takes them', async () => {
    const auths = { 'ghcr.io': { ...written, identitytoken: 'x' } };
    expect(await machine({ auths }).resolve('ghcr.io')).toEqual(identity);
  });

  test('are masked in the log', async () => {
    const { log, resolve } = machine({ auths: { 'ghcr.io': written } });
    await resolve('ghcr.io');
    expect(log.masked).toEqual(['correct:horse']);
  });

  test('are read from the folder that DOCKER_CONFIG names', async () => {
    const { exec, readFile } = machine({ auths: { 'ghcr.io': written } });
    const env = { HOME: '/elsewhere', DOCKER_CONFIG: '/home/runner/.docker' };
    expect(await dockerConfigKeychain({ env, exec, readFile }).resolve('ghcr.io')).toEqual(robot);
  });

  test('are none when there is no file and no home', async () => {
    const { exec, readFile } = machine({});
    expect(await dockerConfigKeychain({ env: { HOME: '/elsewhere' }, exec, readFile }).resolve('ghcr.io')).toBeNull();
    expect(await dockerConfigKeychain({ env: {}, exec, readFile }).resolve('ghcr.io')).toBeNull();
  });
});

describe('logins from a credential helper', () => {
  const answer = { stdout: { ServerURL: 'x', Username: 'robot', Secret: 'correct:horse' } };

  test('the helper of the host goes before the store, and the store before what is written down', async () => {
    const config = { credHelpers: { 'eu.gcr.io': 'gcloud' }, credsStore: 'desktop', auths: { 'ghcr.io': written } };
    const helpers = {
      gcloud: { 'eu.gcr.io': { stdout: { Username: 'from-helper', Secret: 'a' } } },
      desktop: {
        'eu.gcr.io': { stdout: { Username: 'wrong', Secret: 'b' } },
        'quay.io': { stdout: { Username: 'from-store', Secret: 'c' } },
      },
    };
    const { resolve } = machine(config, helpers);
    expect(await resolve('eu.gcr.io')).toEqual({ username: 'from-helper', password: 'a' });
    expect(await resolve('quay.io')).toEqual({ username: 'from-store', password: 'c' });
    expect(await resolve('ghcr.io')).toEqual(robot);
    expect(await resolve('other.example')).toBeNull();
  });

  test('Docker Hub is asked for under its old address', async () => {
    const { resolve } = machine({ credsStore: 'desktop' }, { desktop: { 'https://index.docker.io/v1/': answer } });
    expect(await resolve('docker.io')).toEqual(robot);
  });

  test('an identity token is one, under the user name that says so', async () => {
    const token = { stdout: { Username: '<token>', Secret: 'x' } };
    expect(await machine({ credsStore: 'acr' }, { acr: { 'ghcr.io': token } }).resolve('ghcr.io')).toEqual(identity);
  });

  test.each<[string, Exec['run'], string]>([
    [
      'that cannot be started',
      () => Promise.reject(new DeployError('UNSUPPORTED', 'could not start it: ENOENT')),
      'it is not installed',
    ],
    [
      'that hangs',
      async () => ({ exitCode: null, signal: 'SIGTERM', timedOut: true, stdout: '' }),
      'it did not end within 30s',
    ],
  ])('a helper %s is AUTH_FAILED with the reason', async (_name, run, why) => {
    const { readFile } = machine({ credsStore: 'desktop' });
    const keychain = dockerConfigKeychain({ env: { HOME: '/home/runner' }, exec: { run }, readFile });
    const failure = await failureOf(keychain.resolve('ghcr.io'));
    expect(failure).toMatchObject({ code: 'AUTH_FAILED', message: expect.stringContaining(why) });
  });

  test.each([
    ['that is not installed', 'gcloud', {}, 'not installed'],
    ['that fails', 'gcloud', { gcloud: { 'ghcr.io': { exitCode: 3, stdout: 'secret-on-stdout' } } }, 'exit code 3'],
    ['that says nothing useful', 'gcloud', { gcloud: { 'ghcr.io': { stdout: 'secret-on-stdout' } } }, 'not valid'],
    ['with a name that is a path', '../../bin/sh', {}, 'name is not valid'],
    ['with a name that is an option', '-x y', {}, 'name is not valid'],
  ])('a helper %s is AUTH_FAILED with the reason', async (_name, helper, helpers, why) => {
    const { resolve } = machine(
      { credHelpers: { 'ghcr.io': helper } },
      helpers as Record<string, Record<string, Answer>>,
    );
    const failure = await failureOf(resolve('ghcr.io'));
    expect(failure.code).toBe('AUTH_FAILED');
    expect(failure.message).toContain(why);
    expect(`${failure.message}${failure.hint}`).not.toContain('secret-on-stdout');
  });
});

test.each([
  ['is not JSON', '{"auths": {"ghcr.io": {"auth": "secret-in-file"'],
  ['has another form', { auths: { 'ghcr.io': 'secret-in-file' } }],
  ['holds a login that cannot be read', { auths: { 'ghcr.io': { auth: base64('secret-in-file') } } }],
])('a file that %s is one clear error without its content', async (_name, config) => {
  const failure = await failureOf(machine(config).resolve('ghcr.io'));
  expect(failure.code).toBe('INPUT_INVALID');
  expect(failure.hint).toContain('docker/login-action');
  expect(`${failure.message}${failure.hint}`).not.toContain('secret-in-file');
  expect(failure.cause).toBeUndefined();
});
