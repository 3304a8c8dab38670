import { DeployError } from '../../../model/errors.ts';
import { type JsonObject, textAt, valueAt } from '../../../model/json.ts';
import type { ClusterAccess } from '../../cluster-login.ts';
import { openRenewal } from '../../renewal.ts';
import type { CloudContext } from '../../target.ts';
import { explainErrors } from '../errors.ts';
import { describeCluster } from './describe-cluster.ts';
import { openSigner } from './signer.ts';

// From the time in the signature: https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html
const TOKEN_LIFE_MS = 15 * 60_000;
const RENEW_BEFORE_MS = 60_000;

/** @throws DeployError NOT_FOUND, AUTH_FAILED, PERMISSION_DENIED, UNSUPPORTED, NETWORK */
export async function openEks(
  place: { readonly cluster: string; readonly region: string },
  context: CloudContext,
): Promise<ClusterAccess> {
  const { io } = context;
  const { cluster, region } = place;
  const signer = openSigner(region, io);
  const found = await describeCluster(place, signer, context);
  const server = readServer(found, cluster);
  const ca = Buffer.from(textAt(found, 'certificateAuthority', 'data'), 'base64').toString('utf8');
  const isPrivate = valueAt(found, 'resourcesVpcConfig', 'endpointPublicAccess') === false;
  io.log.info(`EKS: cluster ${cluster} in ${region}${isPrivate ? `, reached from its VPC only` : ''}`);
  const renew = async () => {
    const call = { what: `make a token for EKS cluster ${cluster}`, action: 'sts:GetCallerIdentity' };
    const madeAt = io.clock.now();
    const token = await explainErrors(call, () => signer.makeToken(cluster));
    io.log.mask(token);
    const credentials = { headers: { authorization: `Bearer ${token}` }, connection: { ca } };
    return { credentials, expiresAt: madeAt + TOKEN_LIFE_MS };
  };
  return {
    cluster: `cluster ${cluster} (${region})`,
    server,
    namespace: null,
    credentials: openRenewal(renew, { clock: io.clock, beforeEndMs: RENEW_BEFORE_MS }),
    hints: {
      unauthorized: `Add an access entry for the job's role to cluster ${cluster} (aws eks create-access-entry), and check that the session has not ended (\`role-duration-seconds\` of aws-actions/configure-aws-credentials).`,
      forbidden: `Give its access entry a policy (aws eks associate-access-policy, AmazonEKSEditPolicy for the namespace) or a Kubernetes group that a Role is bound to.`,
    },
  };
}

/** One that is being updated goes on answering. */
const USABLE = ['ACTIVE', 'UPDATING'];

function readServer(found: JsonObject, cluster: string): URL {
  const status = textAt(found, 'status');
  const server = URL.parse(textAt(found, 'endpoint'));
  if (USABLE.includes(status) && server?.protocol === 'https:') return server;
  const why = USABLE.includes(status) ? 'it has no https endpoint' : `its status is ${status || 'not told'}`;
  throw new DeployError('UNSUPPORTED', `could not use EKS cluster ${cluster}: ${why}`, {
    hint: 'Wait until the cluster is ACTIVE (aws eks wait cluster-active), then run again.',
  });
}
