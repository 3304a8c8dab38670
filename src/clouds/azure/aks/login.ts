import type { InputReader } from '../../../model/input-reader.ts';
import type { ClusterLogin } from '../../cluster-login.ts';
import { ACCOUNT_INPUTS, readAccountInputs, readId } from '../account-inputs.ts';
import { quote, readResourceGroup } from '../resource-group.ts';

const CLUSTER = /^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;

/** Azure Kubernetes Service, with the credentials that the job has for Azure. */
export const aksLogin: ClusterLogin = {
  inputs: ['aks-cluster', 'resource-group', ...ACCOUNT_INPUTS, 'expected-account'],
  parse(reader) {
    const cluster = readCluster(reader);
    const resourceGroup = readResourceGroup(reader, 'the resource group that the AKS cluster is in');
    const settings = {
      cluster,
      resourceGroup,
      ...readAccountInputs(reader),
      expectedAccount: readId(reader, 'expected-account'),
    };
    return async (context) => {
      // The SDK is loaded by deploys to AKS only.
      const { openAks } = await import('./access.ts');
      return await openAks(settings, context);
    };
  },
};

function readCluster(reader: InputReader): string {
  const cluster = reader.text('aks-cluster');
  if (!CLUSTER.test(cluster)) {
    const next = 'Of a resource id, write only what follows the last slash.';
    reader.problem('aks-cluster', { given: quote(cluster), expected: 'the name of an AKS cluster', next });
  }
  return cluster;
}
