import { describe, expect, test } from '@jest/globals';
import { planNextHop } from '../../../../src/engine/smoke-tests/follow.ts';

const hop = { method: 'GET', url: new URL('https://agent.acme.dev/a'), isTrusted: true, hasBody: false };

describe('a redirect from https to http is not followed', () => {
  test.each([
    ['to the same host', 'http://agent.acme.dev/a'],
    ['to another host', 'http://login.acme.dev/'],
    ['to another port', 'http://agent.acme.dev:8443/'],
  ])('%s, not even with `cross-origin-redirects: true`', (_, location) => {
    for (const anywhere of [false, true]) {
      expect(() => planNextHop(hop, { status: 302, location }, anywhere)).toThrow(
        expect.objectContaining({ code: 'SMOKE_TEST_FAILED', message: expect.stringContaining('from https to http') }),
      );
    }
  });

  test('nor later in a chain that began with http and went to https', () => {
    const start = { ...hop, url: new URL('http://agent.acme.dev/') };
    const secure = planNextHop(start, { status: 301, location: 'https://agent.acme.dev/' }, true);
    expect(() => planNextHop(secure, { status: 302, location: 'http://agent.acme.dev/' }, true)).toThrow(
      'https to http',
    );
  });
});

describe('a redirect to a login is a closed door', () => {
  test.each([
    ['of an identity provider', 'https://login.example.com/start'],
    [
      'by OpenID Connect',
      'https://id.example.com/o?client_id=a&redirect_uri=https%3A%2F%2Fagent.acme.dev%2F&response_type=code',
    ],
    ['by SAML', 'https://id.example.com/sso?SAMLRequest=fZ'],
    ['on the same host, of an identity proxy', '/.auth/login/aad?post_login_redirect_uri=%2Fa'],
    ['on the same host, of oauth2-proxy', '/oauth2/start?rd=%2Fa'],
  ])('%s: not followed, and no input is suggested that would follow it', (_, location) => {
    for (const anywhere of [false, true]) {
      const follow = () => planNextHop(hop, { status: 302, location }, anywhere);
      expect(follow).toThrow(
        expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('a login answers instead') }),
      );
      expect(follow).not.toThrow(expect.objectContaining({ hint: expect.stringContaining('cross-origin') }));
    }
  });

  test.each(['/login', '/auth/session', 'https://www.acme.dev/', '/callback?client_id=a'])(
    '%s is a page like any other',
    (location) => {
      expect(planNextHop(hop, { status: 302, location }, true).url.href).toBe(new URL(location, hop.url).href);
    },
  );
});
