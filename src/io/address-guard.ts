import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { DeployError } from '../model/errors.ts';
import { type AddressRange, METADATA_RANGE, PRIVATE_RANGE } from './address-ranges.ts';

/** Where requests may go. Both parts are needed: Node calls no `lookup` for a URL with an IP address. */
export interface AddressGuard {
  /** @throws DeployError INPUT_INVALID for a host that is such an address, or a known name of one */
  ensureAllowedHost(url: URL): void;
  /** Checks every address that a name stands for, and connects to no other: a second answer of DNS is never asked for. */
  readonly lookup: LookupFunction;
}

type Refusal = (host: string) => DeployError;

/**
 * Loopback and private addresses are allowed: self-hosted runners reach services inside of their network. Never allowed
 * are link-local addresses and the metadata services of cloud machines, which hand credentials to whoever asks.
 * @throws DeployError INPUT_INVALID for a host that is such an address, or a known name of one.
 */
export function ensureAllowedHost(url: URL): void {
  if (isForbiddenHost(url)) throw refuseMetadata(url.hostname);
}

export function isForbiddenHost(url: URL): boolean {
  const host = bareName(url);
  // Behind a proxy it is the proxy that resolves names, so well-known ones are refused by name too.
  return METADATA_NAMES.test(host) || isForbiddenAddress(host);
}

export function isForbiddenAddress(address: string): boolean {
  return METADATA_RANGE.has(address);
}

export function isPrivateAddress(address: string): boolean {
  return PRIVATE_RANGE.has(address);
}

export const guardedLookup: LookupFunction = lookupOutside(METADATA_RANGE, refuseMetadata);

/** The same for what has to be on the internet. */
export const publicLookup: LookupFunction = lookupOutside(PRIVATE_RANGE, (host) => refusal(host, 'a private address'));

/** Of smoke tests: by default, and as `deny-private-networks` asks. */
export const smokeTestGuards: Readonly<Record<'any' | 'public', AddressGuard>> = {
  any: { ensureAllowedHost, lookup: guardedLookup },
  public: { ensureAllowedHost: ensurePublicHost, lookup: lookupOutside(PRIVATE_RANGE, refusePrivate) },
};

function ensurePublicHost(url: URL): void {
  ensureAllowedHost(url);
  if (isPrivateAddress(bareName(url))) throw refusePrivate(url.hostname);
}

function bareName({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/(?<!\.)\.+$/, '');
}

/** Whose they are: docs/addresses.md. */
const METADATA_NAMES =
  /^(?:(?:metadata|instance-data)(?:\.[a-z0-9-]+\.internal|\.internal)?|metadata\.(?:goog|tencentyun\.com|exoscale\.com|platformequinix\.com|packet\.net)|api\.metadata\.cloud\.ibm\.com|rancher-metadata)$/i;

function lookupOutside(range: AddressRange, refuse: Refusal): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      if (addresses.some(({ address }) => range.has(address))) return callback(refuse(hostname), []);
      if (options.all) return callback(null, addresses);
      const [first] = addresses;
      return callback(null, first?.address ?? '', first?.family ?? 0);
    });
  };
}

function refuseMetadata(host: string): DeployError {
  return refusal(host, 'a link-local address or a metadata service');
}

function refusal(host: string, what: string): DeployError {
  return new DeployError('INPUT_INVALID', `could not request ${host}: it is ${what}, which is never called`, {
    hint: 'Name the address under which the service itself answers.',
  });
}

function refusePrivate(host: string): DeployError {
  const message = `could not request ${host}: it is in a private network, which \`deny-private-networks\` refuses`;
  return new DeployError('INPUT_INVALID', message, {
    hint: 'Name the public address of the service, or remove `deny-private-networks`.',
  });
}
