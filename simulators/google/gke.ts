import type { SimulatedHost, SimulatedRequest, TimeSource } from '../edge/host.ts';
import type { ManagedCluster } from '../managed-cluster.ts';
import { formatError, GoogleError } from './google-error.ts';
import type { GoogleWorld } from './world.ts';

export interface GkeCluster extends ManagedCluster {
  /** True: it is found by DNS, with a certificate that everybody trusts. */
  readonly isByDns?: boolean;
}

/** projects.locations.clusters.get: https://cloud.google.com/kubernetes-engine/docs/reference/rest/v1/projects.locations.clusters */
export function createGkeHost(
  world: GoogleWorld,
  clock: TimeSource,
  clusters: ReadonlyMap<string, GkeCluster>,
): SimulatedHost {
  return {
    serves: (hostname) => hostname === 'container.googleapis.com',
    nameCall: () => ({ operation: 'container:GetCluster', mutates: false }),
    handle: (request) => {
      world.queue.advanceTo(clock.now());
      try {
        const body = JSON.stringify(view(find(world, clusters, request)));
        return { status: 200, headers: { 'content-type': 'application/json; charset=UTF-8' }, body };
      } catch (error) {
        if (error instanceof GoogleError) return formatError(error);
        throw error;
      }
    },
  };
}

function find(world: GoogleWorld, clusters: ReadonlyMap<string, GkeCluster>, request: SimulatedRequest): GkeCluster {
  world.access.authenticate(request);
  const { pathname } = request.url;
  if (!world.access.may('container.clusters.get')) {
    const message = `Required "container.clusters.get" permission(s) for "${pathname.slice('/v1/'.length)}".`;
    throw new GoogleError('PERMISSION_DENIED', message);
  }
  const parent = `/v1/projects/${world.project}/locations/${world.region}/clusters/`;
  const found = pathname.startsWith(parent) ? clusters.get(pathname.slice(parent.length)) : undefined;
  if (found) return found;
  throw new GoogleError('NOT_FOUND', `Not found: ${pathname.slice('/v1/'.length)}.`);
}

function view({ name, host, authority, isByDns = false }: GkeCluster) {
  const dns = { endpoint: host, allowExternalTraffic: true };
  return {
    ...{ name, status: 'RUNNING', currentMasterVersion: '1.37.2-gke.100' },
    ...(isByDns ? { controlPlaneEndpointsConfig: { dnsEndpointConfig: dns } } : { endpoint: host }),
    masterAuth: { clusterCaCertificate: Buffer.from(authority).toString('base64') },
  };
}
