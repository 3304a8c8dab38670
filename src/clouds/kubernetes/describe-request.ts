/** What a request does, for the error that it may end in. */
export type Verb = 'read' | 'list' | 'create' | 'replace' | 'change' | 'delete';

/** What a path names: `/apis/apps/v1/namespaces/shop/deployments/web/scale`. */
export interface ResourcePath {
  readonly resource: string;
  /** '': all of them. */
  readonly name: string;
  /** `scale`, `log`; '': the object itself. */
  readonly subresource: string;
  /** '': none. */
  readonly namespace: string;
}

/** null: no path of a resource, such as `/version`. */
export function parseResourcePath(path: string): ResourcePath | null {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decode);
  const depth = parts[0] === 'api' ? 2 : 3;
  if ((parts[0] !== 'api' && parts[0] !== 'apis') || parts.length <= depth) return null;
  const rest = parts.slice(depth);
  const isNamespaced = rest[0] === 'namespaces' && rest.length > 2;
  const [resource = '', name = '', ...sub] = isNamespaced ? rest.slice(2) : rest;
  return { resource, name, subresource: sub.join('/'), namespace: isNamespaced ? (rest[1] ?? '') : '' };
}

/** `change deployments/web/scale in namespace shop`: completes "could not …". */
export function describeRequest(verb: Verb, path: string): string {
  const found = parseResourcePath(path);
  if (!found) return `${verb} ${path}`;
  const { resource, name, subresource, namespace } = found;
  const object = [resource, name, subresource].filter((part) => part !== '').join('/');
  return `${verb} ${object}${namespace === '' ? '' : ` in namespace ${namespace}`}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
