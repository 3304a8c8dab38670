import { stringify } from 'yaml';
import type { ManagedCluster } from '../managed-cluster.ts';
import { ArmError } from './arm-error.ts';
import type { ArmRoute } from './arm-host.ts';

/** Whom the tokens for all clusters are for. */
export const AKS_SERVER_ID = '6dae42f8-4368-4678-94ff-3960e28e3630';

const CLUSTER =
  '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.ContainerService/managedClusters/{cluster}';

/** https://learn.microsoft.com/rest/api/aks/managed-clusters/list-cluster-user-credentials */
export const aksRoutes: readonly ArmRoute[] = [
  {
    operation: 'ManagedClusters_ListClusterUserCredentials',
    method: 'POST',
    path: `${CLUSTER}/listClusterUserCredential`,
    action: 'Microsoft.ContainerService/managedClusters/listClusterUserCredential/action',
    run: ({ managedClusters, tenant }, { names, query }) => {
      const found = managedClusters.get(names['cluster'] ?? '');
      if (!found) {
        const resource = `Microsoft.ContainerService/managedClusters/${names['cluster']}`;
        const message = `The Resource '${resource}' under resource group '${names['group']}' was not found.`;
        throw new ArmError(404, 'ResourceNotFound', message);
      }
      if (query.get('format') !== 'exec') throw new ArmError(400, 'BadRequest', 'Only format=exec is simulated.');
      const value = Buffer.from(toKubeconfig(found, tenant)).toString('base64');
      return { status: 200, body: { kubeconfigs: [{ name: 'clusterUser', value }] } };
    },
  },
];

function toKubeconfig({ name, host, authority }: ManagedCluster, tenant: string): string {
  const user = `clusterUser_${name}`;
  const login = ['--environment', 'AzurePublicCloud', '--tenant-id', tenant, '--login', 'devicecode'];
  const exec = {
    ...{ apiVersion: 'client.authentication.k8s.io/v1beta1', command: 'kubelogin', provideClusterInfo: false },
    ...{ args: ['get-token', ...login, '--server-id', AKS_SERVER_ID], env: null },
  };
  const data = Buffer.from(authority).toString('base64');
  return stringify({
    ...{ apiVersion: 'v1', kind: 'Config', preferences: {}, 'current-context': name },
    clusters: [{ name, cluster: { 'certificate-authority-data': data, server: `https://${host}:443` } }],
    contexts: [{ name, context: { cluster: name, user } }],
    users: [{ name: user, user: { exec } }],
  });
}
