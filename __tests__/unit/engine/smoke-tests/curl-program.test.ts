import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type CurlResponse,
  curlProgram,
  MOST_BODY_BYTES,
  readCurlOutput,
} from '../../../../src/engine/smoke-tests/curl-program.ts';
import { DeployError } from '../../../../src/model/errors.ts';
import { PROGRAM_FILES } from '../../../../src/model/inside.ts';

/** The first whose `%{header_json}` exists. */
const NEEDED = 7.83;
const version = Number(/^curl (\d+\.\d+)/.exec(spawnSync('curl', ['--version']).stdout?.toString() ?? '')?.[1] ?? 0);
const isThere = version >= NEEDED;
if (!isThere) process.stdout.write(`no curl of at least ${NEEDED} on this machine: what it prints is not checked\n`);
const whereCurlIs = isThere ? describe : describe.skip;

const BOUNDARY = 'deploy-agent-0123456789';

whereCurlIs('the real curl, with the config file that a pod gets', () => {
  let server: Server;
  let origin = '';
  const received: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method = '', url = '', headers } = request;
      received.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      if (url === '/never') return;
      if (url === '/long') return void response.end('x'.repeat(MOST_BODY_BYTES + 1));
      response.writeHead(url === '/teapot' ? 418 : 200, {
        'content-type': 'text/plain',
        'x-multi': ['one', 'two'],
        'set-cookie': ['a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT', 'b=2'],
        location: '/elsewhere',
      });
      response.end(`first line\n\n${url}\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  async function send(
    method: string,
    target: string,
    more: { headers?: Record<string, string>; body?: string; timeoutMs?: number } = {},
  ): Promise<{ readonly response: CurlResponse; readonly got: (typeof received)[number] | undefined }> {
    const { headers = {}, body, timeoutMs = 5_000 } = more;
    const url = new URL(target, origin);
    const request = { method, url, headers, body: body === undefined ? null : Buffer.from(body), timeoutMs };
    const program = curlProgram(
      { ...request, connection: null },
      { boundary: BOUNDARY, image: null, test: { name: 'x' } },
    );
    const folder = mkdtempSync(path.join(tmpdir(), 'curl-program-'));
    try {
      for (const [name, content] of Object.entries(program.files)) {
        const text = content.toString().replaceAll(PROGRAM_FILES, folder);
        writeFileSync(path.join(folder, name), name === 'request' ? text : content);
      }
      const [file = '', ...args] = program.command.map((part) => part.replace(PROGRAM_FILES, folder));
      const run = promisify(execFile)(file, args).then(
        ({ stdout, stderr }) => ({ exitCode: 0, output: `${stdout}${stderr}` }),
        (error) => ({ exitCode: Number(error.code), output: `${error.stdout}${error.stderr}` }),
      );
      const end = { ...(await run), timedOut: false };
      return {
        response: readCurlOutput(end, { boundary: BOUNDARY, host: url.host, secrets: ['/never?token=abc'] }),
        got: received.at(-1),
      };
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test('sends what it is told, and its response is read as it was', async () => {
    const headers = {
      authorization: 'Bearer "quoted\\"',
      'x-tab': 'a\tb',
      'x-empty': '',
      'content-type': 'text/plain',
    };
    const { response, got } = await send('POST', '/a/../b?c=[1-3]&d={x,y}', { headers, body: '@not-a-file\nline 2' });
    expect(got).toMatchObject({ method: 'POST', url: '/b?c=[1-3]&d={x,y}', body: '@not-a-file\nline 2', headers });
    expect(got?.headers).not.toHaveProperty('expect');
    expect(response).toMatchObject({ status: 200, body: `first line\n\n/b?c=[1-3]&d={x,y}\n`, isWhole: true });
    expect(response.headers).toMatchObject({ 'content-type': 'text/plain', 'x-multi': 'one, two' });
    expect(response.tookMs).toBeGreaterThan(0);
    expect(response.tookMs).toBeLessThan(5_000);
  });

  test.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s, and no redirect is followed', async (method) => {
    const { response, got } = await send(method, '/teapot');
    expect(got).toMatchObject({ method, url: '/teapot' });
    expect(response).toMatchObject({ status: 418, headers: { location: '/elsewhere' } });
  });

  test('the cookies of a response, each by itself, as Node gives them', async () => {
    const { response } = await send('GET', '/');
    expect(response.headers['set-cookie']).toEqual(['a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT', 'b=2']);
  });

  test('HEAD', async () => {
    const { response, got } = await send('HEAD', '/');
    expect(got).toMatchObject({ method: 'HEAD' });
    expect(response).toMatchObject({ status: 200, headers: { 'x-multi': 'one, two' } });
  });

  test('a body that is too long is told as such', async () => {
    const { response } = await send('GET', '/long');
    expect(response).toMatchObject({ status: 200, isWhole: false });
  });

  test('no answer in time', async () => {
    await expect(send('GET', '/never', { timeoutMs: 300 })).rejects.toMatchObject({
      code: 'NETWORK',
      message: `could not request ${new URL(origin).host} in the cluster: it did not answer in time`,
    });
  });

  test('a port on which no one listens', async () => {
    await expect(send('GET', 'http://127.0.0.1:1/')).rejects.toThrow(
      /could not request 127\.0\.0\.1:1 in the cluster: .*onnect/,
    );
  });
});

describe('what is printed by something else', () => {
  test('is told, without what was sent', () => {
    const end = { exitCode: 127, timedOut: false, output: 'sh: curl: not found, secret-value\n' };
    const read = () => readCurlOutput(end, { boundary: BOUNDARY, host: 'web', secrets: ['secret-value'] });
    expect(read).toThrow(DeployError);
    expect(read).toThrow('exit code 127, and it printed: sh: curl: not found, ');
    expect(read).not.toThrow('secret-value');
  });
});
