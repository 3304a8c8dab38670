import { once } from 'node:events';
import https from 'node:https';
import net, { type AddressInfo, createServer, type LookupFunction, type Server } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createAuthority, type HostCertificate } from '../../../simulators/edge/certificates.ts';
import { openHttp } from '../../../src/io/http.ts';
import { isTransient } from '../../../src/model/errors.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server): Promise<number> {
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const authority = await createAuthority();
const tls = { ca: authority.certificatePem, serverName: 'api.example' };

async function failureOf(url: string, options: { tls?: typeof tls; lookup?: LookupFunction } = {}) {
  const request = { method: 'GET', url: new URL(url), timeoutMs: 5_000, ...options };
  return await openHttp({})
    .send(request)
    .then(
      () => null,
      (error: unknown) => error as Error,
    );
}

async function serveTls(certificate: HostCertificate): Promise<string> {
  return `https://127.0.0.1:${await listen(https.createServer(certificate))}/`;
}

/** Says so much to whoever connects, or asks. */
async function serveText(text: string): Promise<number> {
  return await listen(createServer((socket) => void socket.on('error', () => {}).once('data', () => socket.end(text))));
}

const day = (text: string): Date => new Date(`${text}T00:00:00Z`);

describe('a connection that fails has the next step of its cause:', () => {
  test.each([
    ['an expired certificate', { notBefore: day('2000-01-01'), notAfter: day('2001-01-01') }, 'has expired: renew it'],
    ['a certificate of tomorrow', { notBefore: day('2098-01-01'), notAfter: day('2099-01-01') }, 'clock of the runner'],
  ])('%s', async (_, validity, hint) => {
    const url = await serveTls(await authority.issue('api.example', validity));
    const error = await failureOf(url, { tls });
    expect(error).toMatchObject({ code: 'NETWORK', hint: expect.stringContaining(hint) });
    expect(isTransient(error)).toBe(true);
  });

  test('a certificate for another name', async () => {
    const url = await serveTls(await authority.issue('other.example'));
    expect(await failureOf(url, { tls })).toMatchObject({ hint: expect.stringContaining('is for other names') });
  });

  test('a lone certificate may lack an intermediate one', async () => {
    const error = await failureOf(await serveTls(await authority.issue('api.example')));
    expect(error).toMatchObject({ hint: expect.stringMatching(/NODE_EXTRA_CA_CERTS.*send the whole chain/) });
    expect(isTransient(error)).toBe(false);
  });

  test('plain HTTP where TLS is expected, in one line without the places in OpenSSL', async () => {
    const port = await serveText('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n');
    const error = await failureOf(`https://127.0.0.1:${port}/`);
    expect(error).toMatchObject({ hint: expect.stringContaining('does not speak TLS on this port') });
    expect(error?.message).toMatch(/^could not reach 127\.0\.0\.1:\d+: (write EPROTO )?wrong version number$/);
  });

  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n', 'is not HTTP/1.1'],
    ['headers without end', `HTTP/1.1 200 OK\r\nlink: ${'x'.repeat(70_000)}\r\n\r\n`, 'more headers than any client'],
  ])('%s', async (_, text, hint) => {
    const error = await failureOf(`http://127.0.0.1:${await serveText(text)}/`);
    expect(error).toMatchObject({ hint: expect.stringContaining(hint) });
  });

  test('of a name with several addresses, what each of them said', async () => {
    const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 }));
    const port = await serveText('');
    servers[0]!.close();
    const error = await failureOf(`http://two.example:${port}/`, {
      lookup: (_, __, callback) => callback(null, addresses),
    });
    expect(error?.message).toContain(`connect ECONNREFUSED 127.0.0.1:${port}; connect ECONNREFUSED 127.0.0.2:${port}`);
  });
});

test('one of several addresses has time for a connection around the earth', () => {
  openHttp({});
  expect(net.getDefaultAutoSelectFamilyAttemptTimeout()).toBe(1_000);
});
