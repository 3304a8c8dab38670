import type { InputReader } from '../../model/input-reader.ts';
import type { ClusterLogin } from '../cluster-login.ts';
import type { Target } from '../target.ts';
import { clusterLoginInputs, readClusterLogin } from './inputs.ts';
import { readSplitSettings, SPLIT_INPUTS } from './split/inputs.ts';
import type { KubernetesSettings } from './workload.ts';
import { findKind, KINDS } from './workload-kind.ts';

const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;
const NAMESPACE = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** One Deployment, StatefulSet or DaemonSet. `logins`: the clouds whose clusters are reached without a kubeconfig. */
export function kubernetesTarget(logins: readonly ClusterLogin[]): Target {
  return {
    inputs: ['workload', 'namespace', 'allow-empty', ...SPLIT_INPUTS, ...clusterLoginInputs(logins)],
    hasInside: true,
    parse(reader) {
      const settings = parseSettings(reader, logins);
      return async (context) => {
        // Only a deploy to Kubernetes loads it.
        const { openKubernetes } = await import('./workload.ts');
        return await openKubernetes(settings, context);
      };
    },
  };
}

function parseSettings(reader: InputReader, logins: readonly ClusterLogin[]): KubernetesSettings {
  const given = reader.required('workload', 'the workload to deploy to, such as deployment/web');
  const namespace = reader.text('namespace');
  const [word = '', name = '', ...rest] = given.split('/');
  const kind = findKind(word);
  if (given !== '' && (!kind || !NAME.test(name) || rest.length > 0)) {
    const kinds = KINDS.map((one) => `${one.word}/NAME`).join(', ');
    const next = given.includes('/') ? {} : { next: `Write deployment/${NAME.test(given) ? given : 'NAME'}.` };
    reader.problem('workload', { given: quote(given), expected: kinds, ...next });
  }
  if (namespace !== '' && !NAMESPACE.test(namespace)) {
    reader.problem('namespace', { given: quote(namespace), expected: 'the name of a namespace: a-z, 0-9 and -' });
  }
  const openCluster = readClusterLogin(reader, logins);
  const allowsEmpty = reader.boolean('allow-empty', false);
  return { kind: kind ?? KINDS[0]!, name, namespace, allowsEmpty, openCluster, split: readSplitSettings(reader) };
}

/** It may be anything: a value that went into the wrong input. */
function quote(given: string): string {
  return `"${given.replace(/\s+/g, ' ').slice(0, 60)}"`;
}
