import { isIPv4 } from 'node:net';
import type { ProxyEnv } from './proxy-env.ts';

const PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** The host of a URL, without the brackets of an IPv6 address, and its port. */
export function addressOf({ hostname, port, protocol }: URL): { readonly host: string; readonly port: number } {
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || PORTS[protocol]) };
}

/** The proxy that Node's agents would take for a URL; null: none. For sockets that those agents don't open. */
export function chooseProxy(url: URL, env: ProxyEnv): string | null {
  const proxy = url.protocol === 'https:' ? env.HTTPS_PROXY : env.HTTP_PROXY;
  if (!proxy) return null;
  const { host, port } = addressOf(url);
  const entries = (env.NO_PROXY ?? '').split(',').filter((entry) => entry !== '');
  return entries.some((entry) => isMeant(entry, host.toLowerCase(), port)) ? null : proxy;
}

/** `entry`: as `expandNoProxy` writes it. */
function isMeant(entry: string, host: string, port: number): boolean {
  if (entry === '*' || entry === host || entry === `${host}:${port}`) return true;
  if (entry.startsWith('.')) return host === entry.slice(1) || host.endsWith(entry);
  const [first = '', last = ''] = entry.split('-');
  if (!isIPv4(host) || !isIPv4(first) || !isIPv4(last)) return false;
  return toNumber(first) <= toNumber(host) && toNumber(host) <= toNumber(last);
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
