import type { Endpoint } from '../../../model/endpoint.ts';
import { DeployError } from '../../../model/errors.ts';
import { insideEndpoint } from '../in-cluster/inside-endpoint.ts';
import { corePath } from '../workload-kind.ts';
import { readCopyPods } from './copy-pods.ts';
import { COPY_LABEL } from './names.ts';
import type { PodPort } from './services.ts';
import type { SplitWorkload } from './split-workload.ts';

/**
 * Each pod of the copy that is up or gets traffic, through the API server's proxy, which reaches it whether or not it gets traffic.
 * @throws DeployError THROTTLED: none is up now, as one is being replaced
 */
export async function previewPods({ run, copy }: SplitWorkload, port: PodPort | null): Promise<readonly Endpoint[]> {
  if (!port) return [];
  const { api, namespace } = run;
  const labelSelector = `${COPY_LABEL}=${copy.label}`;
  const pods = readCopyPods(await api.list(corePath('pods', namespace), { labelSelector }));
  // One that gets traffic is tested, whatever its own readiness probe says.
  const up = pods
    .filter(({ isUp, gate }) => isUp || gate === 'open')
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  if (up.length === 0) {
    const message = `could not reach a pod of ${copy.name}: none is up now`;
    throw new DeployError('THROTTLED', message, { hint: 'If this stays, check the events of its pods.' });
  }
  return await Promise.all(
    up.map(async ({ name, address }) => {
      const proxied = await api.endpoint(proxyPath(namespace, name, port));
      // Not a copy: its connection is read when it is used.
      return address === '' ? proxied : Object.assign(proxied, { inside: insideEndpoint(address, port) });
    }),
  );
}

/** https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/ */
function proxyPath(namespace: string, pod: string, { port, isTls }: PodPort): string {
  return `${corePath('pods', namespace)}/${isTls ? 'https:' : ''}${encodeURIComponent(pod)}:${port}/proxy`;
}
