import { stringify } from 'yaml';

export interface Login {
  readonly server: string;
  /** PEM. */
  readonly authority: string;
  readonly user: string;
  readonly token: string;
  readonly namespace: string;
}

/** As a cluster's administrator hands it out. */
export function toKubeconfig({ server, authority, user, token, namespace }: Login): string {
  return stringify({
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': user },
    clusters: [
      { name: 'shop', cluster: { server, 'certificate-authority-data': Buffer.from(authority).toString('base64') } },
    ],
    contexts: [{ name: user, context: { cluster: 'shop', user, namespace } }],
    users: [{ name: user, user: { token } }],
  });
}
