import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { DeployError } from '../model/errors.ts';

/**
 * Loopback and private addresses are allowed: self-hosted runners reach services inside of their network. Never allowed
 * are link-local addresses and the metadata services of cloud machines, which hand credentials to whoever asks.
 * @throws DeployError INPUT_INVALID for a host that is such an address, or a known name of one.
 */
export function ensureAllowedHost(url: URL): void {
  if (isForbiddenHost(url)) throw refusal(url.hostname);
}

export function isForbiddenHost(url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '');
  // Behind a proxy it is the proxy that resolves names, so well-known ones are refused by name too.
  return METADATA_NAMES.test(host) || isForbiddenAddress(host);
}

/** Checks every address that a name stands for, and connects to no other: a second answer of DNS is never asked for. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, []);
    if (addresses.some(({ address }) => isForbiddenAddress(address))) return callback(refusal(hostname), []);
    if (options.all) return callback(null, addresses);
    const [first] = addresses;
    return callback(null, first?.address ?? '', first?.family ?? 0);
  });
};

/** Of an IP address in any notation that `URL` or DNS yields; false for a name. */
export function isForbiddenAddress(address: string): boolean {
  const [plain = ''] = address.split('%');
  const family = isIP(plain);
  return family !== 0 && FORBIDDEN.check(plain, family === 6 ? 'ipv6' : 'ipv4');
}

const METADATA_NAMES = /^(?:(?:metadata|instance-data)(?:\.[a-z0-9-]+\.internal|\.internal)?|metadata\.goog)$/i;

const FORBIDDEN = forbiddenAddresses();

function forbiddenAddresses(): BlockList {
  const list = new BlockList();
  list.addSubnet('fe80::', 10, 'ipv6');
  list.addAddress('fd00:ec2::254', 'ipv6');
  list.addAddress('fd20:ce::254', 'ipv6');
  for (const [address, bits] of [
    ['169.254.0.0', 16],
    ['100.100.100.200', 32],
    ['168.63.129.16', 32],
  ] as const) {
    // An IPv4 rule holds for ::ffff:a.b.c.d as well; the other ways to wrap IPv4 into IPv6 need rules of their own.
    list.addSubnet(address, bits, 'ipv4');
    const hex = toHex(address);
    for (const prefix of ['64:ff9b::', '::ffff:0:', '::']) list.addSubnet(`${prefix}${hex}`, 96 + bits, 'ipv6');
    list.addSubnet(`2002:${hex}::`, 16 + bits, 'ipv6');
  }
  return list;
}

/** `169.254.0.0` -> `a9fe:0`. */
function toHex(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

function refusal(host: string): DeployError {
  return new DeployError(
    'INPUT_INVALID',
    `could not request ${host}: it is a link-local address or a metadata service, which is never called`,
    { hint: 'Name the address under which the service itself answers.' },
  );
}
