import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../edge/host.ts';
import type { ManagedCluster } from '../managed-cluster.ts';
import { type Access, authenticate, denialOf } from './access.ts';
import { AwsError } from './aws-error.ts';
import { isSignedWith } from './sigv4.ts';

export interface Eks {
  readonly clusters: Map<string, ManagedCluster>;
  readonly access: Access;
  readonly clock: TimeSource;
}

const PROTOCOL = { service: 'eks', kind: 'json', namespace: '' } as const;
const TOKEN_LIFE_MS = 15 * 60_000;
/** What the authenticator of a cluster lets a token have, and nothing else. */
const PARAMETERS = [
  'Action',
  'Version',
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-Security-Token',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
];

/** DescribeCluster: https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeCluster.html */
export function createEksHost(eks: Eks): SimulatedHost {
  return {
    serves: (hostname) => hostname === `eks.${eks.access.region}.amazonaws.com`,
    nameCall: () => ({ operation: 'eks:DescribeCluster', mutates: false }),
    handle: (request) => {
      try {
        return { status: 200, headers: JSON_TYPE, body: JSON.stringify({ cluster: describe(eks, request) }) };
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        return refuse(error);
      }
    },
  };
}

const JSON_TYPE = { 'content-type': 'application/json' };

function refuse({ code, status, message }: AwsError): SimulatedResponse {
  return { status, headers: { ...JSON_TYPE, 'x-amzn-errortype': code }, body: JSON.stringify({ message }) };
}

function describe({ clusters, access, clock }: Eks, request: SimulatedRequest) {
  authenticate(access, PROTOCOL, { request, now: clock.now() });
  const name = /^\/clusters\/([^/]+)$/.exec(request.url.pathname)?.[1];
  const arn = `arn:aws:eks:${access.region}:${access.account}:cluster/${name}`;
  const denial = denialOf(access, { action: 'eks:DescribeCluster', resource: arn });
  if (denial !== null) throw new AwsError('AccessDeniedException', denial, 403);
  const found = clusters.get(name ?? '');
  if (!found) throw new AwsError('ResourceNotFoundException', `No cluster found for name: ${name}.`, 404);
  return {
    ...{ name, arn, status: 'ACTIVE', version: '1.37', endpoint: `https://${found.host}` },
    certificateAuthority: { data: Buffer.from(found.authority).toString('base64') },
    resourcesVpcConfig: { endpointPublicAccess: true },
  };
}

/** Is it a token for this cluster, made with the account's credentials in the last 15 minutes? */
export function isEksToken({ access, clock }: Eks, cluster: string, token: string): boolean {
  const packed = /^k8s-aws-v1\.([A-Za-z0-9_-]+)$/.exec(token)?.[1] ?? '';
  const url = URL.parse(Buffer.from(packed, 'base64url').toString());
  if (!url || url.origin !== `https://sts.${access.region}.amazonaws.com` || url.pathname !== '/') return false;
  const query = url.searchParams;
  if ([...query.keys()].some((name) => !PARAMETERS.includes(name))) return false;
  if (query.get('Action') !== 'GetCallerIdentity' || query.get('X-Amz-SignedHeaders') !== 'host;x-k8s-aws-id')
    return false;
  const date = query.get('X-Amz-Date') ?? '';
  const ageMs =
    clock.now() - Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  const isSigned = isPresignedWith(access, url, { 'x-k8s-aws-id': cluster, 'x-amz-date': date });
  return (
    isSigned &&
    ageMs < TOKEN_LIFE_MS &&
    (query.get('X-Amz-Security-Token') ?? undefined) === access.credentials.sessionToken
  );
}

function isPresignedWith(
  { credentials, region }: Access,
  url: URL,
  headers: Readonly<Record<string, string>>,
): boolean {
  const [accessKeyId = '', day = ''] = url.searchParams.get('X-Amz-Credential')?.split('/') ?? [];
  const signature = url.searchParams.get('X-Amz-Signature') ?? '';
  const signed = new URL(url);
  signed.searchParams.delete('X-Amz-Signature');
  const request = { method: 'GET', url: signed, headers, body: Buffer.alloc(0) };
  const signedHeaders = ['host', 'x-k8s-aws-id'];
  const claim = { accessKeyId, day, region, service: 'sts', signedHeaders, signature };
  return accessKeyId === credentials.accessKeyId && isSignedWith(credentials.secretAccessKey, request, claim);
}
