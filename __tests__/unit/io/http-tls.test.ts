import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Authority, createAuthority, type HostCertificate } from '../../../simulators/edge/certificates.ts';
import { openHttp, readBody } from '../../../src/io/http.ts';
import type { ConnectionOptions } from '../../../src/model/endpoint.ts';

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

  test('is refused where the certificate is for another name', async () => {
    await expect(send({ ca: authority.certificatePem })).rejects.toMatchObject({ code: 'NETWORK' });
    const other = { ca: authority.certificatePem, serverName: 'other.example' };
    await expect(send(other)).rejects.toMatchObject({ message: expect.stringContaining('other.example') });
  });
});
