import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { DeployError } from '../model/errors.ts';
import { type AddressRange, METADATA_RANGE, PRIVATE_RANGE } from './address-ranges.ts';

const METADATA = 'a link-local address or a metadata service';

/**
 * Loopback and private addresses are allowed: self-hosted runners reach services inside of their network. Never allowed
 * are link-local addresses and the metadata services of cloud machines, which hand credentials to whoever asks.
 * @throws DeployError INPUT_INVALID for a host that is such an address, or a known name of one.
 */
export function ensureAllowedHost(url: URL): void {
  if (isForbiddenHost(url)) throw refusal(url.hostname, METADATA);
}

export function isForbiddenHost(url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.+$/, '');
  // Behind a proxy it is the proxy that resolves names, so well-known ones are refused by name too.
  return METADATA_NAMES.test(host) || isForbiddenAddress(host);
}

/** Checks every address that a name stands for, and connects to no other: a second answer of DNS is never asked for. */
export const guardedLookup: LookupFunction = lookupOutside(METADATA_RANGE, METADATA);

/** The same for what has to be on the internet. */
export const publicLookup: LookupFunction = lookupOutside(PRIVATE_RANGE, 'a private address');

export function isForbiddenAddress(address: string): boolean {
  return METADATA_RANGE.has(address);
}

export function isPrivateAddress(address: string): boolean {
  return PRIVATE_RANGE.has(address);
}

/** Whose they are: docs/addresses.md. */
const METADATA_NAMES =
  /^(?:(?:metadata|instance-data)(?:\.[a-z0-9-]+\.internal|\.internal)?|metadata\.(?:goog|tencentyun\.com|platformequinix\.com|packet\.net)|api\.metadata\.cloud\.ibm\.com|rancher-metadata)$/i;

function lookupOutside(range: AddressRange, what: string): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      if (addresses.some(({ address }) => range.has(address))) return callback(refusal(hostname, what), []);
      if (options.all) return callback(null, addresses);
      const [first] = addresses;
      return callback(null, first?.address ?? '', first?.family ?? 0);
    });
  };
}

function refusal(host: string, what: string): DeployError {
  return new DeployError('INPUT_INVALID', `could not request ${host}: it is ${what}, which is never called`, {
    hint: 'Name the address under which the service itself answers.',
  });
}
