import type { SimulatedRequest } from '../edge/host.ts';
import { type JsonObject, objectAt, objectsAt, textAt } from '../json.ts';
import { ApiError } from './api/api-error.ts';
import { nameOf } from './object.ts';
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES } from './resources.ts';
import type { ObjectSource } from './store.ts';

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** What somebody wants to do. '' where it doesn't apply. */
export interface Act {
  readonly verb: string;
  readonly group: string;
  /** `deployments`, `pods/log`. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

export const MASTERS = 'system:masters';

/** Null: not one of these tokens. */
export type ReadToken = (token: string) => User | null;

/** Who is it, and may they? By tokens, and by the Roles that the cluster holds. */
export class Access {
  readonly #store: ObjectSource;
  readonly #tokens = new Map<string, User>();
  readonly #readers: ReadToken[] = [];

  constructor(store: ObjectSource) {
    this.#store = store;
  }

  addUser(token: string, user: User): void {
    this.#tokens.set(token, user);
  }

  /** The token is good no longer. */
  removeToken(token: string): void {
    this.#tokens.delete(token);
  }

  /** Tokens of a cloud's login. */
  addReader(read: ReadToken): void {
    this.#readers.push(read);
  }

  /** @throws ApiError 401 */
  authenticate({ headers }: SimulatedRequest): User {
    const token = /^Bearer (\S+)$/i.exec(headers['authorization'] ?? '')?.[1] ?? '';
    const user = this.#tokens.get(token) ?? this.#readers.map((read) => read(token)).find((found) => found !== null);
    if (user) return { ...user, groups: [...user.groups, 'system:authenticated'] };
    throw new ApiError(401, 'Unauthorized', 'Unauthorized');
  }

  /** @throws ApiError 403, in RBAC's words */
  authorize(user: User, act: Act): void {
    if (this.isAllowed(user, act)) return;
    const { verb, group, resource, namespace, name } = act;
    const full = group === '' ? resource.split('/')[0] : `${resource.split('/')[0]}.${group}`;
    const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
    const why = `User "${user.name}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`;
    const details = {
      ...(name === '' ? {} : { name }),
      ...(group === '' ? {} : { group }),
      kind: resource.split('/')[0]!,
    };
    throw new ApiError(403, 'Forbidden', `${full}${name === '' ? '' : ` "${name}"`} is forbidden: ${why}`, details);
  }

  isAllowed(user: User, act: Act): boolean {
    return this.reasonFor(user, act) !== null;
  }

  /** Why they may; null: they may not. */
  reasonFor(user: User, act: Act): string | null {
    if (user.groups.includes(MASTERS)) return '';
    const found = this.#grants(user, act.namespace).find(({ rules }) => rules.some((rule) => permits(rule, act)));
    return found ? `RBAC: allowed by ${found.by} to User "${user.name}"` : null;
  }

  /** Of the namespace and of the whole cluster. */
  rulesOf(user: User, namespace: string): readonly JsonObject[] {
    return this.#grants(user, namespace).flatMap(({ rules }) => rules);
  }

  #grants(user: User, namespace: string): readonly { readonly by: string; readonly rules: readonly JsonObject[] }[] {
    const own = namespace === '' ? [] : this.#store.list(ROLE_BINDINGS, namespace);
    const bindings = [...own, ...this.#store.list(CLUSTER_ROLE_BINDINGS)];
    return bindings
      .filter((binding) => binds(binding, user))
      .map((binding) => {
        const { kind, name } = objectAt(binding, 'roleRef');
        const place = textAt(binding, 'metadata', 'namespace');
        const title = `${place === '' ? 'ClusterRoleBinding' : 'RoleBinding'} "${nameOf(binding)}${place === '' ? '' : `/${place}`}"`;
        return { by: `${title} of ${kind} "${name}"`, rules: this.#rulesBehind(binding) };
      });
  }

  #rulesBehind(binding: JsonObject): readonly JsonObject[] {
    const { kind, name } = objectAt(binding, 'roleRef');
    const namespace = kind === 'Role' ? textAt(binding, 'metadata', 'namespace') : '';
    const role = this.#store.find(kind === 'Role' ? ROLES : CLUSTER_ROLES, namespace, String(name));
    return role ? objectsAt(role, 'rules') : [];
  }
}

function binds(binding: JsonObject, user: User): boolean {
  return objectsAt(binding, 'subjects').some((subject) => {
    const { kind, name } = subject;
    if (kind === 'ServiceAccount')
      return user.name === `system:serviceaccount:${textAt(subject, 'namespace')}:${nameOf({ metadata: subject })}`;
    return kind === 'User' ? name === user.name : kind === 'Group' && user.groups.includes(String(name));
  });
}

function permits(rule: JsonObject, { verb, group, resource, name }: Act): boolean {
  const has = (member: string, value: string): boolean => {
    const list = rule[member];
    return Array.isArray(list) && (list.includes('*') || list.includes(value));
  };
  const subresource = resource.split('/')[1];
  const isOfAny = subresource !== undefined && has('resources', `*/${subresource}`);
  const names = rule['resourceNames'];
  const isNamed = !Array.isArray(names) || names.length === 0 || (name !== '' && names.includes(name));
  return has('verbs', verb) && has('apiGroups', group) && (has('resources', resource) || isOfAny) && isNamed;
}
