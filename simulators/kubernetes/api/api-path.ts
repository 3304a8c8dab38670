import { findResource, NAMESPACES, type ResourceKind } from '../resources.ts';

/** What a path names. */
export interface ApiPath {
  readonly kind: ResourceKind;
  /** '': of all, or it is of the cluster. */
  readonly namespace: string;
  /** '': a list. */
  readonly name: string;
  /** `status`; '' for the object itself. */
  readonly subresource: string;
  /** Behind `proxy`, with its leading slash. */
  readonly rest: string;
}

/** null: the API server stores nothing there. */
export function parseApiPath(pathname: string): ApiPath | null {
  const [root = '', ...parts] = pathname.split('/').slice(1).map(decodeURIComponent);
  const group = root === 'apis' ? parts.shift() : root === 'api' ? '' : undefined;
  const version = parts.shift();
  if (group === undefined || version === undefined) return null;
  const isInNamespace = parts[0] === 'namespaces' && parts.length > 2 && !['status', 'finalize'].includes(parts[2]!);
  const namespace = isInNamespace ? (parts.splice(0, 2)[1] ?? '') : '';
  const [plural = '', name = '', subresource = '', ...rest] = parts;
  const kind = findResource(group, version, plural);
  if (!kind || (isInNamespace && !kind.namespaced && kind !== NAMESPACES)) return null;
  if (subresource !== '' && !kind.subresources.includes(subresource)) return null;
  return { kind, namespace, name, subresource, rest: `/${rest.join('/')}` };
}
