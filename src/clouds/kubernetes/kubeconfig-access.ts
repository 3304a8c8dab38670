import { DeployError } from '../../model/errors.ts';
import type { ClusterAccess } from '../cluster-login.ts';
import { isReadable, readClusterEntry } from './cluster-entry.ts';
import { ensureExpectedServer } from './expected-server.ts';
import { type ChosenContext, chooseContext } from './kubeconfig.ts';
import { findKubeconfig, type GivenKubeconfig } from './kubeconfig-sources.ts';
import { findServiceAccount } from './service-account.ts';
import { openUser, type UserIo } from './user-entry.ts';

export interface KubeconfigSettings {
  readonly given: GivenKubeconfig;
  /** '': the current one. */
  readonly context: string;
  /** Where the API server has to be; null: anywhere. */
  readonly expected: URL | null;
}

/**
 * The cluster that a kubeconfig leads to, or the one that the runner is a pod of. Nothing is sent, and no plugin runs yet.
 * @throws DeployError AUTH_FAILED where there is neither; INPUT_INVALID, UNSUPPORTED
 */
export function openKubeconfig(settings: KubeconfigSettings, io: UserIo): ClusterAccess {
  const chosen = choose(settings, io);
  const cluster = readClusterEntry(chosen.cluster, io);
  const { server } = cluster;
  if (settings.expected) ensureExpectedServer(settings.expected, { server, isPod: chosen.isPod === true });
  if (isReadable(server) && chosen.user) {
    const message = `could not use cluster ${chosen.cluster.name} of ${chosen.cluster.what}: its server is ${server.origin}, where credentials would be sent without TLS`;
    throw new DeployError('INPUT_INVALID', message, { hint: 'Set `server` to its https URL.' });
  }
  const credentials = openUser(chosen.user, cluster, io);
  io.log.info(`Kubernetes: context ${chosen.name} of ${chosen.cluster.what}, ${cluster.name}`);
  return { cluster: cluster.name, server, namespace: chosen.namespace, credentials };
}

function choose({ given, context }: KubeconfigSettings, io: UserIo): ChosenContext {
  const config = findKubeconfig(given, io);
  if (config) return chooseContext(config, context);
  const pod = context === '' ? findServiceAccount(io) : null;
  if (pod) return pod;
  throw new DeployError(
    'AUTH_FAILED',
    'could not find a cluster: there is no kubeconfig (KUBECONFIG, ~/.kube/config), and this runner is no pod with a service account',
    {
      hint: 'Set the input `kubeconfig`, or `eks-cluster`, `gke-cluster` or `aks-cluster`, or put the step that writes a kubeconfig before this one.',
    },
  );
}
