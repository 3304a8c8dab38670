import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { openHttp, readBody } from '../../src/io/http.ts';
import { runProgram } from '../run-program.ts';
import type { Tally } from '../tally.ts';
import { chooseOurWay, environmentOf, type ProxyForm, proxyForms, type Way } from './forms.ts';

interface Watched {
  readonly address: string;
  /** Connections since it was last asked. */
  taken(): number;
  /** The login of the last request. */
  login(): string | undefined;
  close(): void;
}

/** Does curl take the proxy where we do, and send it the same login? */
export async function checkProxyForms({ program, tally }: { readonly program: string; readonly tally: Tally }) {
  const proxy = await watch();
  const origin = await watch();
  try {
    await tally.check('curl and we take a proxy for the same addresses', async () => {
      const wrong: string[] = [];
      for (const form of proxyForms) wrong.push(...(await compare(form, { program, proxy, origin })));
      if (wrong.length > 0) throw new Error(wrong.join('\n'));
      const differences = proxyForms.filter(({ why }) => why !== undefined).length;
      return `${proxyForms.length} forms, ${differences} of them other on purpose`;
    });
  } finally {
    proxy.close();
    origin.close();
  }
}

interface Servers {
  readonly program: string;
  readonly proxy: Watched;
  readonly origin: Watched;
}

async function compare(form: ProxyForm, { program, proxy, origin }: Servers): Promise<readonly string[]> {
  const env = environmentOf(form, proxy.address);
  const title = `${JSON.stringify(form.env)} for ${form.url}`;
  const curl = await wayOfCurl(form.url, env, { program, proxy, origin });
  const login = proxy.login();
  const ours = chooseOurWay(form, proxy.address);
  const wrong: string[] = [];
  if (curl !== form.curl) wrong.push(`${title}: curl goes ${curl}, ${form.curl} was recorded`);
  if (ours !== form.ours) wrong.push(`${title}: we go ${ours}, ${form.ours} was recorded`);
  if ((curl === ours) === (form.why !== undefined))
    wrong.push(`${title}: a difference without a reason, or a reason without one`);
  if (curl === 'proxy' && ours === 'proxy' && form.url.startsWith('http:')) {
    assert.equal(await loginOfOurs(form.url, env, proxy), login, `${title}: another login for the proxy`);
  }
  return wrong;
}

/** Whatever it wants to reach is `origin`, so nothing leaves this machine. */
export async function wayOfCurl(
  url: string,
  env: Readonly<Record<string, string>>,
  { program, proxy, origin }: Servers,
): Promise<Way> {
  proxy.taken();
  origin.taken();
  const args = [
    '--disable',
    '--silent',
    '--insecure',
    '--max-time',
    '5',
    '--connect-to',
    `::${origin.address}`,
    '--globoff',
  ];
  const { exitCode } = await runProgram(program, [...args, url], { env });
  if (proxy.taken() > 0) return 'proxy';
  if (origin.taken() > 0) return 'direct';
  assert.notEqual(exitCode, 0);
  return 'refused';
}

async function loginOfOurs(url: string, env: Readonly<Record<string, string>>, proxy: Watched) {
  const response = await openHttp(env).send({ method: 'GET', url: new URL(url), timeoutMs: 10_000 });
  await readBody(response, { maxBytes: 1_000, timeoutMs: 10_000 });
  return proxy.login();
}

/** A server on this machine that counts who comes; it answers as a proxy and as an origin. */
export async function watch(): Promise<Watched> {
  let count = 0;
  let login: string | undefined;
  const server = http.createServer((request, response) => {
    login = request.headers['proxy-authorization'];
    response.writeHead(200, { connection: 'close' }).end();
  });
  server.on('connection', () => {
    count += 1;
    login = undefined;
  });
  server.on('connect', (request, socket) => {
    login = request.headers['proxy-authorization'];
    socket.on('error', () => {}).end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
  });
  server.on('clientError', (_, socket) => void socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    login: () => login,
    taken() {
      const taken = count;
      count = 0;
      return taken;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
