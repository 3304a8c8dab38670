import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage } from '../../../simulators/images.ts';
import { fixedKeychain } from '../../../src/registry/fixed-keychain.ts';
import { copy, failureOf, held, openPair } from './copy-world.ts';
import { closeServers, manualClock, memoryLog, openClient } from './world.ts';

afterEach(closeServers);

const single = buildImage({ behaviour: { version: 'v1' } });
const multi = buildImage({ behaviour: { version: 'v1' }, platforms: ['linux/amd64', 'linux/arm64'] });

describe('who may', () => {
  const bearer = { auth: { kind: 'bearer', users: { robot: 'correct horse' }, anonymousPull: false } } as const;

  test('a registry with tokens is logged in to, and the password goes to the token service only', async () => {
    const { source, destination } = await openPair(multi, { destination: bearer });
    const { registry } = destination.served;
    const keychain = fixedKeychain(registry, { username: 'robot', password: 'correct horse' });
    const log = memoryLog();
    await copy(openClient({ keychain, log }), multi, { from: source.served, to: destination.served });
    expect(held(destination)?.tags).toEqual({ v1: multi.digest });
    const basic = destination.served.seen.filter(({ authorization }) => authorization?.startsWith('Basic'));
    expect(basic.map(({ url }) => url.pathname)).toEqual(basic.map(() => '/token'));
    expect(source.served.seen.filter(({ authorization }) => authorization !== null)).toEqual([]);
    expect(log.masked).toContain('correct horse');
    expect(log.masked).toContain('simulated-token-1');
  });

  test('one token serves all that goes on at the same time', async () => {
    const { source, destination } = await openPair(multi, { destination: bearer });
    const keychain = fixedKeychain(destination.served.registry, { username: 'robot', password: 'correct horse' });
    await copy(openClient({ keychain }), multi, { from: source.served, to: destination.served });
    expect(destination.served.count('registry:GET token')).toBe(1);
  });

  test('a token that runs out on the way is replaced', async () => {
    const clock = manualClock();
    const short = { auth: { ...bearer.auth, tokenLifetimeMs: 10_000 }, clock };
    const { source, destination } = await openPair(multi, { destination: short });
    source.served.intercept = () => {
      clock.advance(4_000);
      return false;
    };
    const keychain = fixedKeychain(destination.served.registry, { username: 'robot', password: 'correct horse' });
    await copy(openClient({ keychain, clock }), multi, { from: source.served, to: destination.served });
    expect(destination.served.count('registry:GET token')).toBeGreaterThan(1);
    expect(held(destination)?.tags).toEqual({ v1: multi.digest });
  });

  test('a token that would run out during a long call is replaced before it', async () => {
    const clock = manualClock();
    const { destination } = await openPair(single, { destination: { ...bearer, clock } });
    const { registry } = destination.served;
    const client = openClient({
      keychain: fixedKeychain(registry, { username: 'robot', password: 'correct horse' }),
      clock,
    });
    const look = async (lastsMs: number): Promise<number> => {
      const scopes = ['repository:prod/agent:pull,push'];
      const call = { what: 'look', registry, target: 'prod/agent/manifests/v1', scopes, expect: [404], lastsMs };
      await client.call({ ...call, method: 'HEAD' }, async ({ body }) => void body.resume());
      return destination.served.count('registry:GET token');
    };
    expect(await look(100_000)).toBe(1);
    clock.advance(180_000);
    expect(await look(0)).toBe(1);
    expect(await look(100_000)).toBe(2);
    expect(await look(86_400_000)).toBe(2);
  });

  test('a token that the registry forgot is replaced once', async () => {
    const { source, destination } = await openPair(single, { destination: bearer });
    let forgot = false;
    destination.served.intercept = (request, response) => {
      if (forgot || request.method !== 'POST') return false;
      forgot = true;
      const realm = `http://${destination.served.registry}/token`;
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",error="invalid_token"` }).end();
      return true;
    };
    const keychain = fixedKeychain(destination.served.registry, { username: 'robot', password: 'correct horse' });
    await copy(openClient({ keychain }), single, { from: source.served, to: destination.served });
    expect(destination.served.count('registry:GET token')).toBe(2);
  });

  test('a registry with basic authentication takes user name and password on every request', async () => {
    const basic = { auth: { kind: 'basic', accepts: (password: string) => password === 'from the cloud' } } as const;
    const { source, destination } = await openPair(single, { destination: basic });
    const keychain = fixedKeychain(destination.served.registry, { username: 'AWS', password: 'from the cloud' });
    await copy(openClient({ keychain }), single, { from: source.served, to: destination.served });
    expect(held(destination)?.tags).toEqual({ v1: single.digest });
  });

  test.each([
    ['tokens', bearer],
    ['basic authentication', { auth: { kind: 'basic', accepts: () => false } } as const],
  ])('a wrong password is AUTH_FAILED with the name of a registry with %s', async (_name, options) => {
    const { source, destination } = await openPair(single, { destination: options });
    const keychain = fixedKeychain(destination.served.registry, { username: 'robot', password: 'wrong-password' });
    const failure = await failureOf(
      copy(openClient({ keychain }), single, { from: source.served, to: destination.served }),
    );
    expect(failure.code).toBe('AUTH_FAILED');
    expect(failure.message).toContain(destination.served.registry);
    expect(failure.hint).toContain('Check the credentials');
    expect(`${failure.message} ${failure.hint}`).not.toContain('wrong-password');
  });

  test('no login at all is AUTH_FAILED with the way to log in', async () => {
    const { source, destination } = await openPair(single, { destination: bearer });
    const failure = await failureOf(copy(openClient(), single, { from: source.served, to: destination.served }));
    expect(failure.code).toBe('AUTH_FAILED');
    expect(failure.hint).toContain('docker/login-action');
  });

  test('a repository that does not exist is NOT_FOUND with the next step', async () => {
    const { source, destination } = await openPair(single, { destination: { createOnPush: false } });
    const failure = await failureOf(copy(openClient(), single, { from: source.served, to: destination.served }));
    expect(failure.code).toBe('NOT_FOUND');
    expect(failure.message).toContain('NAME_UNKNOWN');
    expect(failure.message).toContain('prod/agent');
    expect(failure.hint).toContain('Create the repository');
    expect(destination.served.count('registry:PUT upload')).toBe(0);
  });
});
