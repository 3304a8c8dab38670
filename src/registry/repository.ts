/** One repository in one registry. */
export interface Repository {
  readonly registry: string;
  readonly repository: string;
}

/** `ghcr.io/acme/agent`, for messages. */
export function formatRepository({ registry, repository }: Repository): string {
  return `${registry}/${repository}`;
}

export function pullScopes({ repository }: Repository): readonly string[] {
  return [`repository:${repository}:pull`];
}

export function pushScopes({ repository }: Repository): readonly string[] {
  return [`repository:${repository}:pull,push`];
}
