import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ecrKeychain } from '../../../../../src/clouds/aws/registry/keychain.ts';
import { ecrRegistry } from '../../../../../src/clouds/aws/registry/registry.ts';
import { neverAborted } from '../../../../../src/io/signals.ts';
import { AwsError, openWire, type Wire } from '../wire-fake.ts';

const HOUR_MS = 3_600_000;
const token = (password: string): string => Buffer.from(`AWS:${password}`).toString('base64');

let wire: Wire;
let refuse = false;
let isPublic = false;
beforeEach(async () => {
  refuse = false;
  isPublic = false;
  wire = await openWire({
    GetAuthorizationToken: () => {
      const authorization = {
        authorizationToken: token(`pw-${wire.calls.length}`),
        expiresAt: (wire.time + 12 * HOUR_MS) / 1_000,
      };
      if (refuse) return new AwsError('AccessDeniedException');
      return { authorizationData: isPublic ? authorization : [authorization] };
    },
  });
});
afterEach(() => wire.close());

test.each([
  'ghcr.io',
  'docker.io',
  '12.dkr.ecr.eu-west-1.amazonaws.com',
  '123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example',
])('does not know %s, and sends nothing', async (host) => {
  expect(ecrRegistry.handles(host)).toBe(false);
  expect(await ecrKeychain({ io: wire.io, signal: neverAborted }).resolve(host)).toBeNull();
  expect(wire.calls).toEqual([]);
});

test.each([
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'eu-west-1'],
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
])('logs in to %s in its own region', async (host, region) => {
  expect(ecrRegistry.handles(host)).toBe(true);
  expect(await ecrKeychain({ io: wire.io, signal: neverAborted }).resolve(host)).toEqual({
    username: 'AWS',
    password: 'pw-1',
  });
  expect(wire.calls[0]?.authorization).toContain(`/${region}/ecr/aws4_request`);
});

test('the password and the token are masked', async () => {
  await ecrKeychain({ io: wire.io, signal: neverAborted }).resolve('123456789012.dkr.ecr.eu-west-1.amazonaws.com');
  expect(wire.masked).toEqual(['pw-1', token('pw-1')]);
});

test('a token is used until shortly before it expires, for every account of the region', async () => {
  const keychain = ecrKeychain({ io: wire.io, signal: neverAborted });
  await keychain.resolve('123456789012.dkr.ecr.eu-west-1.amazonaws.com');
  wire.time = 11 * HOUR_MS;
  expect(await keychain.resolve('210987654321.dkr.ecr.eu-west-1.amazonaws.com')).toMatchObject({ password: 'pw-1' });
  wire.time = 11.95 * HOUR_MS;
  expect(await keychain.resolve('123456789012.dkr.ecr.eu-west-1.amazonaws.com')).toMatchObject({ password: 'pw-2' });
});

test('a refusal names the permission, and is not remembered', async () => {
  const keychain = ecrKeychain({ io: wire.io, signal: neverAborted });
  refuse = true;
  await expect(keychain.resolve('123456789012.dkr.ecr.eu-west-1.amazonaws.com')).rejects.toMatchObject({
    code: 'PERMISSION_DENIED',
    hint: expect.stringContaining('ecr:GetAuthorizationToken'),
  });
  refuse = false;
  expect(await keychain.resolve('123456789012.dkr.ecr.eu-west-1.amazonaws.com')).toMatchObject({ username: 'AWS' });
});

test('public.ecr.aws is logged in to in its one region, in the name of the role', async () => {
  const io = { ...wire.io, env: { AWS_REGION: 'eu-west-1' } };
  expect(ecrRegistry.handles('public.ecr.aws')).toBe(true);
  // An object, where the private registries have a list.
  isPublic = true;
  const keychain = ecrKeychain({ io, signal: neverAborted });
  expect(await keychain.resolve('public.ecr.aws')).toEqual({ username: 'AWS', password: 'pw-1' });
  expect(wire.calls[0]?.authorization).toContain('/us-east-1/ecr-public/aws4_request');
  expect(wire.masked).toEqual(['pw-1', token('pw-1')]);
});

test('public.ecr.aws is not logged in to by a job without an AWS identity, nor where the role may not', async () => {
  const resolve = (env: Readonly<Record<string, string>>) =>
    ecrKeychain({ io: { ...wire.io, env }, signal: neverAborted }).resolve('public.ecr.aws');
  expect(await resolve({ PATH: '/bin' })).toBeNull();
  expect(wire.calls).toEqual([]);
  refuse = true;
  expect(await resolve({ AWS_REGION: 'eu-west-1' })).toBeNull();
  expect(wire.calls).toHaveLength(1);
});
