import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import https from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Authority, createAuthority, type HostCertificate } from '../../../simulators/edge/certificates.ts';
import { openHttp, readBody } from '../../../src/io/http.ts';
import type { ConnectionOptions } from '../../../src/model/endpoint.ts';
import { isTransient } from '../../../src/model/errors.ts';

const NAME = 'api.cluster.internal';
let authority: Authority;
let client: HostCertificate;
let server: https.Server;
let url: URL;

/** A server for `NAME`, at an address that its certificate does not name, which tells whose certificate it was shown. */
beforeAll(async () => {
  authority = await createAuthority();
  client = await authority.issue('client.example');
  const { certificatePem: ca } = authority;
  const options = { ...(await authority.issue(NAME)), ca, requestCert: true, rejectUnauthorized: false };
  server = https.createServer(options, ({ socket }, response) => {
    response.end((socket as TLSSocket).getPeerCertificate().subjectaltname ?? 'nobody');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const http = openHttp({});

async function send(tls?: ConnectionOptions): Promise<string> {
  const response = await http.send({ method: 'GET', url, timeoutMs: 10_000, ...(tls ? { tls } : {}) });
  return (await readBody(response, { maxBytes: 1_000, timeoutMs: 10_000 })).toString();
}

describe('a request over TLS', () => {
  test('trusts the authority that it brings, under the name that it brings', async () => {
    expect(await send({ ca: authority.certificatePem, serverName: NAME })).toBe('nobody');
  });

  test('shows its client certificate', async () => {
    const { key, cert: certificate } = client;
    const tls = { ca: authority.certificatePem, serverName: NAME, certificate, key };
    expect(await send(tls)).toBe('DNS:client.example');
  });

  test('does not take a connection that was opened with other options', async () => {
    const { key, cert: certificate } = client;
    const trusted = { ca: authority.certificatePem, serverName: NAME };
    const answers = [await send(trusted), await send({ ...trusted, certificate, key }), await send(trusted)];
    expect(answers).toEqual(['nobody', 'DNS:client.example', 'nobody']);
    await expect(send()).rejects.toMatchObject({ code: 'NETWORK' });
  });

  test('is refused without the authority', async () => {
    await expect(send({ serverName: NAME })).rejects.toMatchObject({
      code: 'NETWORK',
      message: expect.stringContaining(`could not reach ${url.host}: `),
    });
  });

  test('whose authority is unknown is told how to trust it, and that trying again is of no use', async () => {
    const error = await send({ serverName: NAME }).then(
      () => null,
      (failure: unknown) => failure,
    );
    expect(isTransient(error)).toBe(false);
    expect(error).toMatchObject({ hint: expect.stringContaining('NODE_EXTRA_CA_CERTS') });
    const other = await send({ ca: authority.certificatePem }).then(
      () => null,
      (failure: unknown) => failure,
    );
    expect(isTransient(other)).toBe(true);
    expect(other).toMatchObject({ hint: expect.stringContaining('spelling of the host') });
  });

  test('is refused where the certificate is for another name', async () => {
    await expect(send({ ca: authority.certificatePem })).rejects.toMatchObject({ code: 'NETWORK' });
    const other = { ca: authority.certificatePem, serverName: 'other.example' };
    await expect(send(other)).rejects.toMatchObject({ message: expect.stringContaining('other.example') });
  });

  test('takes any certificate where it is told to, and no request beside it does', async () => {
    expect(await send({ isUnverified: true })).toBe('nobody');
    await expect(send()).rejects.toMatchObject({ code: 'NETWORK' });
  });
});

describe('a request with a proxy of its own', () => {
  let proxy: Server;
  let tunnels: { readonly to: string; readonly login: string }[];
  let proxyUrl: string;

  /** A proxy that opens tunnels, to whatever is asked for. */
  beforeEach(async () => {
    tunnels = [];
    proxy = createServer();
    proxy.on('connect', ({ url: to = '', headers }, socket: Socket) => {
      tunnels.push({ to, login: headers['proxy-authorization'] ?? '' });
      const tunnel = connect(Number(to.split(':')[1]), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        tunnel.pipe(socket).pipe(tunnel);
      });
      for (const [one, other] of [[socket, tunnel] as const, [tunnel, socket] as const]) {
        one.on('error', () => other.destroy()).on('close', () => other.destroy());
      }
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    proxyUrl = `http://ada:pass@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  });
  afterEach(() => void proxy.close());

  test('goes through it, with certificate, authority and name; others do not', async () => {
    const { key, cert: certificate } = client;
    const tls = { ca: authority.certificatePem, serverName: NAME, certificate, key };
    expect(await send({ ...tls, proxy: proxyUrl })).toBe('DNS:client.example');
    expect(tunnels).toEqual([{ to: url.host, login: `Basic ${Buffer.from('ada:pass').toString('base64')}` }]);
    expect(await send(tls)).toBe('DNS:client.example');
    expect(tunnels).toHaveLength(1);
  });

  test('is refused without the authority through it as well', async () => {
    await expect(send({ serverName: NAME, proxy: proxyUrl })).rejects.toMatchObject({ code: 'NETWORK' });
    expect(tunnels).toHaveLength(1);
  });
});
