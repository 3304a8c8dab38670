import dns from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { DeployError } from '../model/errors.ts';

const DOCKER_HUB = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/** Where a registry's API is: https, and plain http only on this machine. Docker Hub answers under another name. */
export function registryUrl(registry: string): URL {
  const host = DOCKER_HUB.has(registry) ? 'registry-1.docker.io' : registry;
  const url = new URL(`https://${host}/v2/`);
  return isLoopback(url) ? new URL(`http://${host}/v2/`) : url;
}

export function isDockerHub(registry: string): boolean {
  return DOCKER_HUB.has(registry);
}

/**
 * Refuses an address that a registry named (token realm, redirect, upload location) and that we should not talk to:
 * another scheme, this machine, or where instances get their own credentials.
 * @throws DeployError REGISTRY_FAILED
 */
export function ensureSafeUrl(url: URL, registry: string): void {
  const own = registryUrl(registry);
  const problem = findProblem(url, isLoopback(own));
  if (problem === null) return;
  throw new DeployError('REGISTRY_FAILED', `could not follow ${registry} to ${url.host}: ${problem}`, {
    hint: `Check that ${registry} is the registry you mean; its answers point somewhere unsafe.`,
  });
}

/** For requests to hosts that a registry named: their names may resolve to what `ensureSafeUrl` refuses. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  dns.lookup(hostname, options, (error, address, family) => {
    const addresses = error ? [] : Array.isArray(address) ? address.map((entry) => entry.address) : [address];
    if (!addresses.some(isForbidden)) return callback(error, address as string, family);
    const message = `could not follow the registry to ${hostname}: ${FORBIDDEN_ADDRESS}`;
    callback(new DeployError('REGISTRY_FAILED', message) as NodeJS.ErrnoException, '', 0);
  });
};

const FORBIDDEN_ADDRESS = 'it is a link-local or metadata address';

function findProblem(url: URL, fromLoopback: boolean): string | null {
  const host = bareHost(url);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && fromLoopback && isLoopback(url))) {
    return 'it is not https';
  }
  if (url.username !== '' || url.password !== '') return 'it has credentials in it';
  if (isForbidden(host) || /^metadata(\.google\.internal)?\.?$/.test(host)) return FORBIDDEN_ADDRESS;
  if (isLoopback(url) && !fromLoopback) return 'it is this machine';
  return null;
}

function isLoopback(url: URL): boolean {
  const host = bareHost(url);
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  return isIP(host) !== 0 && loopback.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}

function isForbidden(host: string): boolean {
  return isIP(host) !== 0 && forbidden.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}

/** Without the brackets of IPv6 and the dot at the end of a name. */
function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

// Link-local, "this network", and the addresses at which instances get credentials; the last one is 169.254/16 by NAT64.
const forbidden = new BlockList();
forbidden.addSubnet('169.254.0.0', 16, 'ipv4');
forbidden.addSubnet('0.0.0.0', 8, 'ipv4');
forbidden.addAddress('100.100.100.200', 'ipv4');
forbidden.addAddress('168.63.129.16', 'ipv4');
forbidden.addSubnet('fe80::', 10, 'ipv6');
forbidden.addAddress('fd00:ec2::254', 'ipv6');
forbidden.addAddress('::', 'ipv6');
forbidden.addSubnet('64:ff9b::a9fe:0', 112, 'ipv6');
