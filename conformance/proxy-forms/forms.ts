import { readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { chooseProxy } from '../../src/io/choose-proxy.ts';
import { type ProxyEnv, readProxyEnv } from '../../src/io/proxy-env.ts';
import type { DeployError } from '../../src/model/errors.ts';

export type Way = 'proxy' | 'direct' | 'refused';

/** One row of rows.json. `{proxy}` is the host and the port of a proxy. */
export interface ProxyForm {
  readonly env: Readonly<Record<string, string>>;
  readonly url: string;
  readonly curl: Way;
  readonly ours: Way;
  /** Where the two differ. */
  readonly why?: string;
}

export const proxyForms = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'rows.json'), 'utf8'),
) as readonly ProxyForm[];

export function environmentOf({ env }: Pick<ProxyForm, 'env'>, proxy: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value.replace('{proxy}', proxy)]));
}

/**
 * Where requests and sockets of ours go.
 * @throws Error where the two would not go the same way
 */
export function chooseOurWay(form: Pick<ProxyForm, 'env' | 'url'>, proxy: string): Way {
  const url = new URL(form.url);
  const env = tryRead(environmentOf(form, proxy));
  if (env === null) return 'refused';
  const chosen = chooseProxy(url, env) === null ? 'direct' : 'proxy';
  // The agent of https decides in the same way, where it can't be seen from outside.
  const http1 = url.protocol === 'http:' ? wayOfAgent(url, env) : chosen;
  if (http1 === chosen) return chosen;
  throw new Error(`a request goes ${http1}, a socket of our own ${chosen}`);
}

function tryRead(env: Readonly<Record<string, string>>): ProxyEnv | null {
  try {
    return readProxyEnv(env);
  } catch (error) {
    if ((error as DeployError).code === 'INPUT_INVALID') return null;
    throw error;
  }
}

/** A request that goes to a proxy has the whole address in its first line. */
function wayOfAgent(url: URL, proxyEnv: ProxyEnv): Way {
  const agent = new http.Agent({ proxyEnv });
  agent.createConnection = () => new PassThrough();
  const request = http.request(url, { agent }).on('error', () => {});
  const isProxied = request.path.startsWith('http:');
  request.destroy();
  return isProxied ? 'proxy' : 'direct';
}
