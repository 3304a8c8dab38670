import { DeployError } from '../../../model/errors.ts';
import { type JsonObject, textAt, valueAt } from '../../../model/json.ts';

/** `auto`: by DNS where the cluster lets the internet in there, else its IP address. */
export const ENDPOINTS = ['auto', 'dns', 'ip', 'private', 'connect-gateway'] as const;

export type EndpointKind = (typeof ENDPOINTS)[number];

export interface GkeEndpoint {
  readonly server: URL;
  /** PEM. null: a public certificate. */
  readonly ca: string | null;
  /** For the log: `its DNS endpoint`. */
  readonly what: string;
}

/**
 * Where the API server of a cluster is.
 * @param cluster https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters
 * @throws DeployError UNSUPPORTED where it has no such endpoint
 */
export function chooseEndpoint(cluster: JsonObject, kind: EndpointKind): GkeEndpoint {
  const dns = ['controlPlaneEndpointsConfig', 'dnsEndpointConfig'] as const;
  const name = textAt(cluster, ...dns, 'endpoint');
  const isOpen = valueAt(cluster, ...dns, 'allowExternalTraffic') === true;
  if (kind === 'connect-gateway') return byGateway(cluster);
  if (kind === 'dns' || (kind === 'auto' && name !== '' && isOpen)) {
    if (name === '')
      throw missing(cluster, 'no DNS endpoint', 'Enable it (gcloud container clusters update --enable-dns-access).');
    // Google's own certificate: the cluster's authority has not signed it.
    return { server: serverAt(cluster, name), ca: null, what: 'its DNS endpoint' };
  }
  const address = kind === 'private' ? privateAddressOf(cluster) : textAt(cluster, 'endpoint');
  const ca = Buffer.from(textAt(cluster, 'masterAuth', 'clusterCaCertificate'), 'base64').toString('utf8');
  if (address === '' || ca === '') {
    const what = kind === 'private' ? 'no private endpoint' : 'no endpoint by an IP address';
    throw missing(cluster, what, 'Set `gke-endpoint` to one that it has: dns, ip, private or connect-gateway.');
  }
  return {
    server: serverAt(cluster, address),
    ca,
    what: kind === 'private' ? 'its private endpoint' : 'its IP address',
  };
}

function privateAddressOf(cluster: JsonObject): string {
  const ip = textAt(cluster, 'controlPlaneEndpointsConfig', 'ipEndpointsConfig', 'privateEndpoint');
  return ip || textAt(cluster, 'privateClusterConfig', 'privateEndpoint');
}

const MEMBERSHIP = /\/projects\/(\d+)\/locations\/([a-z0-9-]+)\/memberships\/([a-z0-9-]+)$/;

/** A cluster of a fleet names its membership, with the number of the project, which the address has to have. */
function byGateway(cluster: JsonObject): GkeEndpoint {
  const [, project, location, membership] = MEMBERSHIP.exec(textAt(cluster, 'fleet', 'membership')) ?? [];
  if (project === undefined || location === undefined || membership === undefined) {
    const hint = 'Register it (gcloud container fleet memberships register), or choose another `gke-endpoint`.';
    throw missing(cluster, 'no membership of a fleet', hint);
  }
  const path = `v1/projects/${project}/locations/${location}/gkeMemberships/${membership}`;
  return { server: new URL(`https://${gatewayHost(location)}/${path}`), ca: null, what: 'Connect Gateway' };
}

/** https://cloud.google.com/kubernetes-engine/enterprise/multicluster-management/gateway/using */
export function gatewayHost(location: string): string {
  return `${location === 'global' ? '' : `${location}-`}connectgateway.googleapis.com`;
}

function serverAt(cluster: JsonObject, host: string): URL {
  const server = URL.parse(`https://${host.includes(':') ? `[${host}]` : host}`);
  if (server) return server;
  throw missing(cluster, 'an endpoint that is no host', 'Check the cluster in the console of Google Cloud.');
}

function missing(cluster: JsonObject, what: string, hint: string): DeployError {
  return new DeployError('UNSUPPORTED', `could not use GKE cluster ${textAt(cluster, 'name')}: it has ${what}`, {
    hint,
  });
}
