import type { Io } from '../../io/io.ts';
import type { ChosenContext, Origin } from './kubeconfig.ts';

/** Where a pod finds its identity: https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/ */
const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The cluster that the runner is a pod of, as its service account; null: it is none, or has no token. */
export function findServiceAccount({ env, files }: Pick<Io, 'env' | 'files'>): ChosenContext | null {
  const [host = '', port = ''] = [env['KUBERNETES_SERVICE_HOST'], env['KUBERNETES_SERVICE_PORT']];
  const namespace = tryRead(`${FOLDER}/namespace`, files);
  if (host === '' || port === '' || tryRead(`${FOLDER}/token`, files) === null) return null;
  const origin: Origin = { what: 'the service account of this pod', folder: FOLDER };
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    name: 'in-cluster',
    cluster: { ...origin, name: 'in-cluster', fields: { server, 'certificate-authority': 'ca.crt' } },
    user: { ...origin, name: 'service account', fields: { tokenFile: 'token' } },
    namespace: namespace?.trim() || null,
    isPod: true,
  };
}

function tryRead(file: string, files: Io['files']): string | null {
  try {
    return files.readText(file);
  } catch {
    return null;
  }
}
