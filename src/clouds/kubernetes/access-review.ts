import { readOptional } from '../../io/read-optional.ts';
import { DeployError } from '../../model/errors.ts';
import { type JsonObject, valueAt } from '../../model/json.ts';
import type { ClusterWorkload } from './cluster-workload.ts';

/** One thing that a user may be allowed to do. */
export interface Access {
  readonly verb: string;
  /** '' for pods, events, services. */
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** With it, a Role that names the object (`resourceNames`) is enough. */
  readonly name?: string;
}

const PATH = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';

/** Asks the API server itself; it needs no permission, and changes nothing. @throws DeployError where it can't be asked */
export async function isAllowed({ api, namespace }: ClusterWorkload, access: Access): Promise<boolean> {
  const body: JsonObject = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { namespace, ...access } },
  };
  const { object } = await api.change({ method: 'POST', path: PATH, body });
  return valueAt(object, 'status', 'allowed') === true;
}

/**
 * Names all that is missing at once. `what` completes "could not …".
 * @throws DeployError PERMISSION_DENIED with the rules of a Role; not where it can't be asked: then a missing one shows when it
 * is used
 */
export async function ensureAllowed(run: ClusterWorkload, needed: readonly Access[], what: string): Promise<void> {
  const tell = ({ message }: DeployError): void => run.io.log.debug(`${message}; going on without this check`);
  const answers = await Promise.all(
    needed.map((access) => readOptional(() => isAllowed(run, access), { without: 'any', tell })),
  );
  const missing = needed.filter((_, index) => answers[index] === false);
  if (missing.length === 0) return;
  const list = missing.map(describeAccess).join(', ');
  throw new DeployError('PERMISSION_DENIED', `could not ${what}: it is not allowed to ${list}`, {
    hint: `Grant it by a Role in namespace ${run.namespace}: ${missing.map(toRule).join('; ')}.`,
  });
}

/** `patch deployments.apps (web)`, `get pods/log` */
function describeAccess({ verb, group, resource, subresource, name }: Access): string {
  const what = [resource, ...(subresource ? [subresource] : [])].join('/');
  return `${verb} ${what}${group === '' ? '' : `.${group}`}${name === undefined ? '' : ` (${name})`}`;
}

/** `{ apiGroups: ["apps"], resources: [deployments], resourceNames: [web-canary], verbs: [patch] }` */
function toRule({ verb, group, resource, subresource, name }: Access): string {
  const names = name === undefined ? '' : `, resourceNames: [${name}]`;
  const path = subresource ? `${resource}/${subresource}` : resource;
  return `{ apiGroups: ["${group}"], resources: [${path}]${names}, verbs: [${verb}] }`;
}
