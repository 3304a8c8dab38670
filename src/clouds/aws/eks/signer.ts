import { STSClient } from '@aws-sdk/client-sts';
import type { Io } from '../../../io/io.ts';
import { clientSettings } from '../client-settings.ts';

export interface Signer {
  /** The headers of a GET request to an AWS service in this region. */
  sign(service: string, url: URL): Promise<Readonly<Record<string, string>>>;
  /** The token by which EKS recognizes who made it. Good for 15 minutes. */
  makeToken(cluster: string): Promise<string>;
}

// What the signature itself says. The server takes a token for 15 minutes whatever this is.
const EXPIRES_IN_SECONDS = 60;
const CLUSTER_HEADER = 'x-k8s-aws-id';

/** With the signer of an SDK client that is here anyway: the one for EKS would be a dependency more, for one request. */
export function openSigner(region: string, io: Io): Signer {
  const { config } = new STSClient(clientSettings(region, io));
  const openFor = (signingName: string) =>
    config.signer({ name: 'sigv4', signingName, signingRegion: region, properties: {} });
  return {
    async sign(service, url) {
      const { host, pathname: path } = url;
      const request = { method: 'GET', protocol: 'https:', hostname: host, path, query: {}, headers: { host } };
      const signer = await openFor(service);
      const { headers } = await signer.sign(request, { ...scopeOf(service, region), signingDate: dateOf(io) });
      return headers;
    },
    async makeToken(cluster) {
      const signer = await openFor('sts');
      if (!('presign' in signer)) throw new Error('the signer of the AWS SDK presigns nothing');
      return await presign(signer as Presigner, { cluster, region, date: dateOf(io) });
    },
  };
}

/** Said for each request: the client's signer signs all of them for the service that it was asked for first. */
function scopeOf(signingService: string, signingRegion: string) {
  return { signingService, signingRegion };
}

function dateOf({ clock }: Pick<Io, 'clock'>): Date {
  return new Date(clock.now());
}

interface Presigner {
  presign(request: object, options: object): Promise<{ readonly query?: Readonly<Record<string, unknown>> }>;
}

/**
 * A presigned GetCallerIdentity, in the exact form that the server accepts: it refuses any parameter more, and the name of the
 * cluster has to be a signed header, which the SDK would otherwise move into the query.
 * https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/master/pkg/token/token.go
 */
async function presign(
  signer: Presigner,
  { cluster, region, date }: { readonly cluster: string; readonly region: string; readonly date: Date },
): Promise<string> {
  const host = hostOf('sts', region);
  const request = {
    method: 'GET',
    protocol: 'https:',
    hostname: host,
    path: '/',
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { host, [CLUSTER_HEADER]: cluster },
  };
  const { query = {} } = await signer.presign(request, {
    expiresIn: EXPIRES_IN_SECONDS,
    signingDate: date,
    ...scopeOf('sts', region),
    unhoistableHeaders: new Set([CLUSTER_HEADER]),
    signableHeaders: new Set(['host', CLUSTER_HEADER]),
  });
  const parameters = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(String(value))}`);
  const url = `https://${host}/?${parameters.join('&')}`;
  return `k8s-aws-v1.${Buffer.from(url).toString('base64url')}`;
}

/** The server allows no other STS than that of its own partition: `sts.eu-west-1.amazonaws.com`. */
export function hostOf(service: string, region: string): string {
  const suffix = DNS_SUFFIXES.find(([prefix]) => region.startsWith(prefix))?.[1] ?? 'amazonaws.com';
  return `${service}.${region}.${suffix}`;
}

const DNS_SUFFIXES: readonly (readonly [string, string])[] = [
  ['cn-', 'amazonaws.com.cn'],
  ['eusc-', 'amazonaws.eu'],
];

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
