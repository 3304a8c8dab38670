import { BlockList, isIP } from 'node:net';
import { isForbiddenHost } from '../io/address-guard.ts';
import { DeployError } from '../model/errors.ts';

const DOCKER_HUB = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

// Each request needs it more than once, and a URL takes longer to parse than a small answer.
const urls = new Map<string, Readonly<URL>>();

/** Where a registry's API is: https, and plain http only on this machine. Docker Hub answers under another name. */
export function registryUrl(registry: string): Readonly<URL> {
  const url = urls.get(registry) ?? parseRegistry(registry);
  urls.set(registry, url);
  return url;
}

function parseRegistry(registry: string): URL {
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
    hint:
      problem === NOT_HTTPS && url.hostname === own.hostname
        ? OWN_HTTP
        : `Check that ${registry} is the registry you mean; its answers point somewhere unsafe.`,
  });
}

const NOT_HTTPS = 'it is not https';
/** Behind a proxy that ends TLS, a registry that is not told so names its own addresses with http. */
const OWN_HTTP =
  'The registry names its own address with http: have the proxy in front of it send `X-Forwarded-Proto: https`, or set its external address there (`http.host` of distribution, `external_url` of Harbor).';

function findProblem(url: URL, fromLoopback: boolean): string | null {
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && fromLoopback && isLoopback(url))) {
    return NOT_HTTPS;
  }
  if (url.username !== '' || url.password !== '') return 'it has credentials in it';
  if (isForbiddenHost(url)) return 'it is a link-local address or a metadata service';
  if (isLoopback(url) && !fromLoopback) return 'it is this machine';
  return null;
}

export function isLoopback(url: URL): boolean {
  const host = bareHost(url);
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  return isIP(host) !== 0 && loopback.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}

/** Without the brackets of IPv6 and the dot at the end of a name. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
