import type { SimulatedRequest } from '../edge/host.ts';
import type { Answer } from './answer.ts';

/** Who may do what. `grants` are `<repository>:pull` and `<repository>:push`. */
export interface Access {
  readonly issueToken: (request: SimulatedRequest) => Answer;
  /** null: go on. Otherwise the answer that refuses. */
  readonly check: (request: SimulatedRequest, grants: readonly string[]) => Answer | null;
  readonly allows: (request: SimulatedRequest, grant: string) => boolean;
}

/** The grants that `repository:<name>:pull,push` asks for. */
export function parseScope(scope: string): string[] {
  const [, repository, actions] = /^repository:(.+):([a-z*,]+)$/.exec(scope) ?? [];
  if (repository === undefined || actions === undefined) return [];
  return actions
    .split(',')
    .flatMap((action) => (action === '*' ? ['pull', 'push'] : [action]))
    .map((action) => `${repository}:${action}`);
}

export function challengeFor(
  request: SimulatedRequest,
  grants: readonly string[],
  { tooNarrow, tokenPath = '/token' }: { readonly tooNarrow: boolean; readonly tokenPath?: string | undefined },
): string {
  const { origin, host } = request.url;
  const scope = grants.length === 0 ? '' : `,scope="${joinScope(grants)}"`;
  const error = tooNarrow ? ',error="insufficient_scope"' : '';
  return `Bearer realm="${origin}${tokenPath}",service="${host}"${scope}${error}`;
}

function joinScope(grants: readonly string[]): string {
  const repository = grants[0]!.slice(0, grants[0]!.lastIndexOf(':'));
  return `repository:${repository}:${grants.map((grant) => grant.slice(grant.lastIndexOf(':') + 1)).join(',')}`;
}

export function parseBasic(
  header: string | undefined,
): { readonly username: string; readonly password: string } | null {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? null : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
