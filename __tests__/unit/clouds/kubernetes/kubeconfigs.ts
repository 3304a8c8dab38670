/** A kubeconfig with the context `main`, and what the test needs in it. */
export function kubeconfig(options: {
  readonly server?: string;
  readonly cluster?: object;
  readonly user?: object;
  readonly current?: string;
  readonly contexts?: readonly string[];
  readonly namespace?: string;
}): string {
  const { server = 'https://10.0.0.1:6443', cluster = {}, user = { token: 'hunter2-token' }, namespace } = options;
  const names = options.contexts ?? ['main'];
  return JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': options.current ?? 'main',
      contexts: names.map((name) => ({
        name,
        context: { cluster: 'main', user: 'main', ...(namespace ? { namespace } : {}) },
      })),
      clusters: [{ name: 'main', cluster: { server, ...cluster } }],
      users: [{ name: 'main', user }],
    },
    null,
    2,
  );
}
