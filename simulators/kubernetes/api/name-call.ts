import type { SimulatedRequest } from '../../edge/host.ts';
import type { Act } from '../access.ts';
import { NAMESPACES } from '../resources.ts';
import { type ApiPath, parseApiPath } from './api-path.ts';

/** `kubernetes:patch deployments`; what is only tried, asked or passed through has other names. */
export function nameCall(request: SimulatedRequest): { readonly operation: string; readonly mutates: boolean } {
  const { url, method } = request;
  const path = parseApiPath(url.pathname);
  if (!path) return { operation: `kubernetes:${method.toLowerCase()} ${url.pathname}`, mutates: false };
  if (path.subresource === 'proxy') return { operation: `workload:${method} ${path.rest}`, mutates: false };
  const verb = verbOf(request, path);
  const isDry = url.searchParams.getAll('dryRun').includes('All');
  const subresource = path.subresource === '' ? '' : `/${path.subresource}`;
  return {
    operation: `kubernetes:${isDry ? 'dry-run ' : ''}${verb} ${path.kind.plural}${subresource}`,
    mutates: !isDry && !['get', 'list', 'watch'].includes(verb),
  };
}

const VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch' };

/** https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb */
export function verbOf({ method, url }: SimulatedRequest, { name }: ApiPath): string {
  if (method === 'DELETE') return name === '' ? 'deletecollection' : 'delete';
  if (method !== 'GET' && method !== 'HEAD') return VERBS[method] ?? method.toLowerCase();
  const watches = ['1', 'true'].includes(url.searchParams.get('watch') ?? '');
  if (watches) return 'watch';
  return name === '' ? 'list' : 'get';
}

/** What a Role has to allow for it. */
export function actOf(request: SimulatedRequest, path: ApiPath): Act {
  const { kind, namespace, subresource, name } = path;
  const resource = subresource === '' ? kind.plural : `${kind.plural}/${subresource}`;
  const scope = kind === NAMESPACES ? name : namespace;
  return { verb: verbOf(request, path), group: kind.group, resource, namespace: scope, name };
}
