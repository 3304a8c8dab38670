import type { InputReader } from '../../../model/input-reader.ts';
import type { ClusterLogin, OpenCluster } from '../../cluster-login.ts';
import { ACCOUNT_INPUTS, findRegion, quote, readAccountInputs } from '../account-inputs.ts';

const CLUSTER = /^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$/;

/** Amazon EKS, with the credentials that the job has for AWS. */
export const eksLogin: ClusterLogin = {
  inputs: ['eks-cluster', ...ACCOUNT_INPUTS],
  parse: (reader) => openBy(readCluster(reader), readAccountInputs(reader)),
};

function readCluster(reader: InputReader): string {
  const cluster = reader.text('eks-cluster');
  if (!CLUSTER.test(cluster)) {
    const next = 'Of an ARN, write only what follows the last slash.';
    reader.problem('eks-cluster', { given: quote(cluster), expected: 'the name of an EKS cluster', next });
  }
  return cluster;
}

function openBy(
  cluster: string,
  { region: given, expectedAccount }: ReturnType<typeof readAccountInputs>,
): OpenCluster {
  return async (context) => {
    const region = findRegion(given, `cluster ${cluster}`, context.io);
    if (expectedAccount !== '') {
      const { ensureExpectedAccount } = await import('../expected-account.ts');
      await ensureExpectedAccount({ expected: expectedAccount, region }, context);
    }
    // The SDK is loaded by deploys to EKS only.
    const { openEks } = await import('./access.ts');
    return await openEks({ cluster, region }, context);
  };
}
