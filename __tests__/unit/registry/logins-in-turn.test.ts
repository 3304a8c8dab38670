import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage } from '../../../simulators/images.ts';
import { DeployError } from '../../../src/model/errors.ts';
import type { Keychain } from '../../../src/model/keychain.ts';
import { fixedKeychain } from '../../../src/registry/fixed-keychain.ts';
import { resolveImage } from '../../../src/registry/resolve-image.ts';
import { copy, failureOf, held, type Opened, openPair } from './copy-world.ts';
import { closeServers, type Intercept, openClient, type ServedHost } from './world.ts';

afterEach(closeServers);

const image = buildImage({ behaviour: { version: 'v1' }, platforms: ['linux/amd64', 'linux/arm64'] });
const basic = { auth: { kind: 'basic', accepts: () => true } } as const;

interface CountedKeychain extends Keychain {
  readonly asked: string[];
}

function keychain(label: string, { registry }: ServedHost, options: { username?: string; error?: DeployError } = {}) {
  const asked: string[] = [];
  const { username = 'AWS', error } = options;
  const password = label;
  const found: CountedKeychain = {
    label,
    asked,
    async resolve(host) {
      if (host !== registry) return null;
      asked.push(host);
      if (error) throw error;
      return { username, password };
    },
  };
  return found;
}

/** Answers `status` to each request that a login is not allowed to make. */
function refuse(served: ServedHost, status: 401 | 403, isRefused: (password: string, method: string) => boolean): void {
  const intercept: Intercept = ({ headers, method = '' }, response) => {
    const login = Buffer.from((headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString();
    if (login === '' || !isRefused(login.slice(login.indexOf(':') + 1), method)) return false;
    response.writeHead(status, { 'www-authenticate': 'Basic realm="registry"' }).end('not you');
    return true;
  };
  served.intercept = intercept;
}

/** How many requests came with each password. */
function sentTo({ seen }: ServedHost): Record<string, number> {
  const passwords = seen.flatMap(({ authorization }) =>
    authorization ? [Buffer.from(authorization.slice('Basic '.length), 'base64').toString().split(':')[1]!] : [],
  );
  return Object.fromEntries([...Map.groupBy(passwords, (password) => password)].map(([key, all]) => [key, all.length]));
}

const pin = (opened: Opened, keychains: readonly Keychain[]) =>
  resolveImage(openClient({ keychains }), {
    registry: opened.served.registry,
    repository: 'acme/agent',
    tag: 'v1',
    digest: null,
  });

describe('a login that the registry refuses', () => {
  test.each([401, 403] as const)('with %i is followed by the next one, for a pull', async (status) => {
    const { source } = await openPair(image, { source: basic });
    refuse(source.served, status, (password) => password === 'cloud');
    const found = await pin(source, [keychain('cloud', source.served), keychain('docker', source.served)]);
    expect(found.digest).toBe(image.digest);
    expect(sentTo(source.served)).toEqual({ cloud: 1, docker: 1 });
  });

  test.each([401, 403] as const)('with %i is followed by the next one, for a push', async (status) => {
    const { source, destination } = await openPair(image, { destination: basic });
    refuse(destination.served, status, (password) => password === 'cloud');
    const keychains = [keychain('cloud', destination.served), keychain('docker', destination.served)];
    await copy(openClient({ keychains }), image, { from: source.served, to: destination.served });
    expect(held(destination)?.tags).toEqual({ v1: image.digest });
  });

  test('is not sent again for the same access once it was refused', async () => {
    const { source } = await openPair(image, { source: basic });
    refuse(source.served, 403, (password) => password === 'cloud');
    const client = openClient({ keychains: [keychain('cloud', source.served), keychain('docker', source.served)] });
    const name = { registry: source.served.registry, repository: 'acme/agent', tag: 'v1', digest: null };
    for (let pull = 0; pull < 3; pull += 1) await resolveImage(client, name);
    expect(sentTo(source.served)['cloud']).toBe(1);
  });

  test('for writing still reads', async () => {
    const { source, destination } = await openPair(image, { destination: basic });
    refuse(destination.served, 403, (password, method) => (password === 'cloud') === ['POST', 'PUT'].includes(method));
    const client = openClient({
      keychains: [keychain('cloud', destination.served), keychain('docker', destination.served)],
    });
    await copy(client, image, { from: source.served, to: destination.served });
    const uploads = destination.served.count('registry:POST upload');
    expect(uploads).toBeGreaterThan(0);
    await copy(client, image, { from: source.served, to: destination.served, tags: ['v2'] });
    expect(held(destination)?.tags).toEqual({ v1: image.digest, v2: image.digest });
    expect(destination.served.count('registry:POST upload')).toBe(uploads);
  });

  test('gives its place at the token service too', async () => {
    const users = { robot: 'docker' };
    const auth = { kind: 'bearer', users, anonymousPull: false } as const;
    const { source, destination } = await openPair(image, { destination: { auth } });
    const username = 'robot';
    const keychains = ['cloud', 'docker'].map((label) => keychain(label, destination.served, { username }));
    await copy(openClient({ keychains }), image, { from: source.served, to: destination.served });
    expect(held(destination)?.tags).toEqual({ v1: image.digest });
  });

  test('is named with the other that was refused, and each was sent a bounded number of times', async () => {
    const { source } = await openPair(image, { source: basic });
    refuse(source.served, 403, () => true);
    const keychains = [keychain('the job of the cloud', source.served), keychain('the docker login', source.served)];
    const failure = await failureOf(pin(source, keychains));
    expect(failure.code).toBe('PERMISSION_DENIED');
    expect(failure.message).toMatch(/: 403 not you; tried: the job of the cloud, the docker login$/);
    expect(sentTo(source.served)).toEqual({ 'the job of the cloud': 1, 'the docker login': 1 });
  });

  test('is the only one named and sent where no other keychain has one', async () => {
    const { source } = await openPair(image, { source: basic });
    refuse(source.served, 403, () => true);
    const failure = await failureOf(pin(source, [keychain('cloud', source.served)]));
    expect(failure.message).not.toContain('tried');
    expect(sentTo(source.served)).toEqual({ cloud: 1 });
  });

  test('from the inputs is the only one that is tried', async () => {
    const { source } = await openPair(image, { source: basic });
    refuse(source.served, 403, () => true);
    const docker = keychain('docker', source.served);
    const inputs = fixedKeychain(source.served.registry, { username: 'robot', password: 'from the inputs' });
    await failureOf(pin(source, [inputs, docker]));
    expect(docker.asked).toEqual([]);
  });

  test('stays the error when the next keychain cannot be read', async () => {
    const { source } = await openPair(image, { source: basic });
    refuse(source.served, 403, () => true);
    const error = new DeployError('INPUT_INVALID', 'could not read config.json', { hint: 'log in again' });
    const failure = await failureOf(
      pin(source, [keychain('cloud', source.served), keychain('docker', source.served, { error })]),
    );
    expect(failure.message).toContain('403 not you');
  });
});

describe('a keychain that gets no credentials', () => {
  const error = new DeployError('PERMISSION_DENIED', 'could not get a token: AccessDenied', { hint: 'allow it' });

  test('is followed by the next one', async () => {
    const { source } = await openPair(image, { source: basic });
    const found = await pin(source, [keychain('cloud', source.served, { error }), keychain('docker', source.served)]);
    expect(found.digest).toBe(image.digest);
    expect(sentTo(source.served)).toEqual({ docker: 1 });
  });

  test('is asked once, and its error stays as it is, where no other has any', async () => {
    const { source } = await openPair(image, { source: basic });
    const cloud = keychain('cloud', source.served, { error });
    expect(await failureOf(pin(source, [cloud]))).toBe(error);
    expect(cloud.asked).toHaveLength(1);
  });

  test('is named with the login that was refused after it', async () => {
    const { source } = await openPair(image, { source: basic });
    refuse(source.served, 403, () => true);
    const cloud = keychain('cloud', source.served, { error });
    const failure = await failureOf(pin(source, [cloud, keychain('docker', source.served)]));
    expect(failure.message).toMatch(/403 not you; tried: cloud, docker$/);
  });

  test('is not passed over when it may have one later', async () => {
    const { source } = await openPair(image, { source: basic });
    const network = new DeployError('NETWORK', 'could not reach the token service', { hint: 'run again' });
    const docker = keychain('docker', source.served);
    const failure = await failureOf(pin(source, [keychain('cloud', source.served, { error: network }), docker]));
    expect(failure.code).toBe('NETWORK');
    expect(docker.asked).toEqual([]);
  });
});
