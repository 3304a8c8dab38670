import { afterEach, describe, expect, test } from '@jest/globals';
import { buildImage } from '../../../simulators/images.ts';
import { parseChallenges } from '../../../src/registry/challenge.ts';
import { fixedKeychain } from '../../../src/registry/fixed-keychain.ts';
import { copy, failureOf, openPair } from './copy-world.ts';
import { closeServers, openClient } from './world.ts';

afterEach(closeServers);

describe('a challenge', () => {
  test.each([
    ['Basic', [['basic', {}]]],
    ['Bearer realm="https://a/t",service="s"', [['bearer', { realm: 'https://a/t', service: 's' }]]],
    ['bearer REALM=x , scope="a:b:pull,push c"', [['bearer', { realm: 'x', scope: 'a:b:pull,push c' }]]],
    ['Basic realm="say \\"hi\\""', [['basic', { realm: 'say "hi"' }]]],
    [
      'Bearer realm="https://a/t", Basic realm="r"',
      [
        ['bearer', { realm: 'https://a/t' }],
        ['basic', { realm: 'r' }],
      ],
    ],
    [
      'Negotiate YII/a+b==, Bearer realm="https://a/t"',
      [
        ['negotiate', {}],
        ['bearer', { realm: 'https://a/t' }],
      ],
    ],
    ['', []],
    ['="x"', []],
    ['Bearer realm="never closed', [['bearer', {}]]],
  ])('%s is read', (header, expected) => {
    const read = parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);
    expect(read).toEqual(expected);
  });
});

describe('a token service', () => {
  const image = buildImage({ behaviour: {} });

  test.each([
    ['http://169.254.169.254/latest/api/token', 'not https'],
    ['https://169.254.169.254/latest/api/token', 'link-local address'],
    ['https://[fe80::1]/token', 'link-local address'],
    ['https://[fd00:ec2::254]/token', 'link-local address'],
    ['https://[64:ff9b::169.254.169.254]/token', 'link-local address'],
    ['http://collector.example/token', 'not https'],
    ['https://user:word@collector.example/token', 'credentials in it'],
    ['nothing', 'not a URL'],
  ])('at %s gets no credentials', async (realm, why) => {
    const { source, destination } = await openPair(image);
    destination.served.intercept = (_request, response) => {
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="x"` }).end();
      return true;
    };
    const keychain = fixedKeychain(destination.served.registry, { username: 'robot', password: 'correct horse' });
    const failure = await failureOf(
      copy(openClient({ keychain }), image, { from: source.served, to: destination.served }),
    );
    expect(failure.code).toBe('REGISTRY_FAILED');
    expect(failure.message).toContain(why);
    expect(destination.served.seen.filter(({ authorization }) => authorization !== null)).toEqual([]);
  });
});
