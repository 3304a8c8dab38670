import http from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { chooseOurWay, proxyForms } from '../../../conformance/proxy-forms/forms.ts';
import { closedHttp } from '../../../src/io/closed-http.ts';
import { expandNoProxy } from '../../../src/io/no-proxy.ts';
import { readProxyEnv } from '../../../src/io/proxy-env.ts';
import type { DeployError } from '../../../src/model/errors.ts';

describe('the address of a proxy', () => {
  test.each([
    ['proxy.example:3128', 'http://proxy.example:3128/'],
    ['10.1.2.3:3128', 'http://10.1.2.3:3128/'],
    ['ada:pass@proxy.example:3128', 'http://ada:pass@proxy.example:3128/'],
    ['http://proxy.example:3128', 'http://proxy.example:3128/'],
    ['https://proxy.example', 'https://proxy.example/'],
    ['HTTP://proxy.example/', 'http://proxy.example/'],
    ['http://ada:p%40ss%23%25@proxy.example:3128', 'http://ada:p%40ss%23%25@proxy.example:3128/'],
    [' http://proxy.example:3128\n', 'http://proxy.example:3128/'],
  ])('%s is %s', (given, address) => {
    expect(readProxyEnv({ HTTPS_PROXY: given, http_proxy: given })).toEqual({
      HTTPS_PROXY: address,
      HTTP_PROXY: address,
    });
  });

  test('is the one of the name in lower case, as with curl; an empty one is none', () => {
    const env = { https_proxy: 'low:1', HTTPS_PROXY: 'up:1', http_proxy: '', HTTP_PROXY: 'up:2' };
    expect(readProxyEnv(env)).toEqual({ HTTPS_PROXY: 'http://low:1/', HTTP_PROXY: 'http://up:2/' });
    expect(readProxyEnv({ HTTPS_PROXY: '', NO_PROXY: '' })).toEqual({});
  });

  test.each([
    ['a raw %', 'http://ada:s3%cret@proxy.example:3128', 'percent-encoded'],
    ['a raw @', 'http://ada:s3@cret@proxy.example:3128', 'percent-encoded'],
    ['a raw @ without a scheme', 'ada:s3@cret@proxy.example:3128', 'percent-encoded'],
    ['a raw #', 'http://ada:s3#cret@proxy.example:3128', 'percent-encoded'],
    ['a raw # after digits', 'http://ada:33#cret@proxy.example:3128', 'percent-encoded'],
    ['a raw /', 'http://ada:33/cret@proxy.example:3128', 'percent-encoded'],
    ['a raw ?', 'http://ada:33?cret@proxy.example:3128', 'percent-encoded'],
    ['a port that is none', 'http://ada:cret@proxy.example:port', 'percent-encoded'],
    ['SOCKS', 'socks5://ada:cret@proxy.example:1080', 'Set the address of an HTTP proxy'],
    ['SOCKS with names', 'socks5h://ada:cret@proxy.example:1080', 'Set the address of an HTTP proxy'],
  ])('with %s is refused, by the name of its variable and without its value', (_, given, hint) => {
    for (const name of ['HTTPS_PROXY', 'http_proxy']) {
      const { code, message, hint: next } = failureOf(() => readProxyEnv({ [name]: given }));
      expect(code).toBe('INPUT_INVALID');
      expect(message).toContain(`environment variable ${name}:`);
      expect(next).toContain(hint);
      expect(message + next).not.toMatch(/cret|ada:|33/);
    }
  });
});

function failureOf(run: () => unknown): DeployError {
  try {
    run();
  } catch (error) {
    return error as DeployError;
  }
  throw new Error('it did not fail');
}

/** Does Node's agent go past the proxy? It connects to that host itself then. */
function isBypassed(noProxy: string, host: string, port = 80): boolean {
  const agent = new http.Agent({ proxyEnv: { HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: expandNoProxy(noProxy) } });
  const asked: string[] = [];
  const lookup = (name: string) => void asked.push(name);
  const options = { host, port, lookup, autoSelectFamily: false };
  agent.createConnection(options as http.ClientRequestArgs, () => {})?.destroy();
  return asked.includes(host);
}

describe('NO_PROXY', () => {
  test.each([
    ['example.com', 'example.com', true],
    ['example.com', 'api.example.com', true],
    ['example.com', 'notexample.com', false],
    ['example.com', 'example.com.evil.test', false],
    ['.example.com', 'api.example.com', true],
    ['.example.com', 'example.com', true],
    ['*.example.com', 'api.example.com', true],
    ['*.example.com', 'notexample.com', false],
    ['EXAMPLE.com', 'api.example.COM', true],
    ['other.test example.com', 'api.example.com', true],
    ['other.test,  example.com\n', 'api.example.com', true],
    ['other.test, ,', 'example.com', false],
    ['*', 'example.com', true],
    ['localhost', 'localhost', true],
    ['example.com:80', 'example.com', true],
    ['example.com:8080', 'example.com', false],
    ['', 'example.com', false],
  ])('%j for %s: past the proxy %s', (list, host, bypassed) => {
    expect(isBypassed(list, host)).toBe(bypassed);
  });

  test.each([
    ['10.0.0.0/8', '10.0.0.0-10.255.255.255'],
    ['10.1.2.3/8', '10.0.0.0-10.255.255.255'],
    ['192.168.4.0/22', '192.168.4.0-192.168.7.255'],
    ['255.255.255.255/32', '255.255.255.255-255.255.255.255'],
    ['0.0.0.0/0', '0.0.0.0-255.255.255.255'],
    ['10.0.0.1', '10.0.0.1'],
    ['10.0.0.0/33', '10.0.0.0/33'],
    ['10.0.0.1:8080', '10.0.0.1:8080'],
    ['[fd00::1]', 'fd00::1'],
    ['::1', '::1'],
  ])('%s is, for an agent of Node, %s', (given, expanded) => {
    expect(expandNoProxy(given)).toBe(expanded);
  });
});

// `npm run conformance` asks curl whether this is what it does.
test.each(proxyForms)('$env for $url: $ours', ({ env, url, ours }) => {
  expect(chooseOurWay({ env, url }, '127.0.0.1:3128')).toBe(ours);
});

describe("where the proxy can't be used", () => {
  test('nothing is sent past it', async () => {
    const failure = failureOf(() => readProxyEnv({ HTTP_PROXY: 'socks5://proxy.example' }));
    const closed = closedHttp(failure);
    const request = { method: 'GET', url: new URL('http://127.0.0.1:9/'), timeoutMs: 1_000 };
    await expect(closed.send(request)).rejects.toBe(failure);
    expect(() => http.get(request.url, { agent: closed.httpAgent })).toThrow(failure.message);
  });
});
