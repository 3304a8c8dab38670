import { describe, expect, test } from '@jest/globals';
import { liveEndpoint, previewEndpoint } from '../../../../../src/clouds/google/cloud-run/endpoint.ts';
import { openIdentityTokens } from '../../../../../src/clouds/google/cloud-run/identity-tokens.ts';
import type { RunService } from '../../../../../src/clouds/google/cloud-run/service.ts';
import type { GoogleCredentials, Identity } from '../../../../../src/clouds/google/credentials.ts';
import { fakeIo } from '../../../../fixtures/fake-io.ts';

const uri = 'https://agent-abc-ew.a.run.app';
const service = {
  ...{ uri, urls: ['https://agent-1.europe-west1.run.app', uri], customAudiences: ['https://agent.acme.dev'] },
  trafficStatuses: [{ tag: 'c-1', uri: 'https://c-1---agent-abc-ew.a.run.app' }],
};
const echo = async (audience: string): Promise<string> => `token-for-${audience}`;

describe('an identity token goes', () => {
  test.each([
    ['to the service’s own address', null, uri],
    ['to its other address', 'https://agent-1.europe-west1.run.app/v1', uri],
    ['to an address that is one of its audiences', 'https://agent.acme.dev/api', 'https://agent.acme.dev'],
  ])('%s', async (_, url, audience) => {
    const endpoint = liveEndpoint(service, url, echo);
    expect(await endpoint!.headers()).toEqual({ authorization: `Bearer token-for-${audience}` });
  });

  test('to a tag’s address, for the service’s own', async () => {
    const endpoint = previewEndpoint(service, 'c-1', echo);
    expect(endpoint!.url).toBe('https://c-1---agent-abc-ew.a.run.app');
    expect(await endpoint!.headers()).toEqual({ authorization: `Bearer token-for-${uri}` });
  });

  test('nowhere else, and not where anybody may call', async () => {
    expect(await liveEndpoint(service, 'https://evil.example', echo)!.headers()).toEqual({});
    expect(await liveEndpoint({ ...service, invokerIamDisabled: true }, null, echo)!.headers()).toEqual({});
    expect(await previewEndpoint({ ...service, invokerIamDisabled: true }, 'c-1', echo)!.headers()).toEqual({});
    expect(liveEndpoint({}, null, echo)).toBeNull();
    expect(previewEndpoint(service, 'c-2', echo)).toBeNull();
  });
});

describe('an identity token is made', () => {
  const jwt = (expiresAt: number): string =>
    `h.${Buffer.from(JSON.stringify({ exp: expiresAt / 1_000 })).toString('base64url')}.s`;

  function given(identity: (io: ReturnType<typeof fakeIo>) => Identity) {
    const io = fakeIo();
    const credentials = { identity: identity(io) } as GoogleCredentials;
    const run = { io, credentials, said: new Set() } as unknown as RunService;
    return { io, findToken: openIdentityTokens(run) };
  }

  test('by a key, once for an audience until five minutes before its end, and masked', async () => {
    let made = 0;
    const { io, findToken } = given((world) => ({
      kind: 'key',
      client: {
        fetchIdToken: async () => {
          made++;
          return jwt(world.clock.now() + 3_600_000);
        },
      } as never,
    }));
    const first = await findToken('a');
    expect(await findToken('a')).toBe(first);
    await findToken('b');
    expect(made).toBe(2);
    await io.clock.sleep(3_300_000);
    await findToken('a');
    expect(made).toBe(3);
    expect(io.masked).toContain(first);
  });

  test('not at all by an identity that has none, which is said once', async () => {
    const { io, findToken } = given(() => ({ kind: 'none', why: 'no account' }));
    expect([await findToken('a'), await findToken('b')]).toEqual([null, null]);
    expect(io.printed).toEqual([expect.stringContaining('are sent without an identity token: no account')]);
  });

  test('not where Google refuses: the cause is said, and the smoke tests go without', async () => {
    const client = {
      request: () =>
        Promise.reject(
          Object.assign(new Error('x'), {
            response: { status: 403, data: {} },
            config: { url: 'https://iamcredentials.googleapis.com/' },
          }),
        ),
    };
    const { io, findToken } = given(() => ({ kind: 'federated', client: client as never, serviceAccount: 'a@b' }));
    expect(await findToken('a')).toBeNull();
    expect(io.printed.join()).toContain('roles/iam.workloadIdentityUser');
  });
});
