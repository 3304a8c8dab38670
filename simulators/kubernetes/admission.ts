import { type JsonObject, objectAt, objectsAt, textAt } from '../json.ts';
import { ApiError, forbidden } from './api/api-error.ts';
import { labelsOf, nameOf, namespaceOf, withSpec } from './object.ts';
import { podSecurityProblems } from './pod-security.ts';
import { refuseBeyondQuota } from './quota.ts';
import {
  DAEMON_SETS,
  DEPLOYMENTS,
  JOBS,
  NAMESPACES,
  PODS,
  type ResourceKind,
  SERVICE_ACCOUNTS,
  STATEFUL_SETS,
} from './resources.ts';
import type { ClusterWorld } from './world.ts';

interface Review {
  readonly kind: ResourceKind;
  readonly isNew: boolean;
  readonly warnings: string[];
}

const ENFORCE = 'pod-security.kubernetes.io/enforce';
const WITH_TEMPLATE: readonly ResourceKind[] = [DEPLOYMENTS, STATEFUL_SETS, DAEMON_SETS, JOBS];

/**
 * What happens to an object on its way into the store: policies of the cluster, then the API server's own admission.
 * @throws ApiError 403
 */
export function admit(world: ClusterWorld, object: JsonObject, review: Review): JsonObject {
  const { kind, isNew, warnings } = review;
  const reviewed = world.admission
    .filter((rule) => rule.kind === kind.kind)
    .reduce((one, rule) => {
      const answer = rule.review(one);
      if (answer instanceof ApiError) throw answer;
      return answer;
    }, object);
  if (WITH_TEMPLATE.includes(kind)) warnings.push(...templateWarnings(world, reviewed));
  if (kind !== PODS || !isNew) return reviewed;
  const pod = withAccount(world, reviewed);
  refuseInsecure(world, pod);
  refuseBeyondQuota(world, pod);
  return pod;
}

/** @throws ApiError 403 where the account isn't there. */
function withAccount(world: ClusterWorld, pod: JsonObject): JsonObject {
  const name = textAt(pod, 'spec', 'serviceAccountName') || 'default';
  const namespace = namespaceOf(pod);
  if (!world.store.find(SERVICE_ACCOUNTS, namespace, name)) {
    const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`;
    // A generated name isn't known yet when this is said.
    throw forbidden(PODS, textAt(pod, 'metadata', 'generateName') || nameOf(pod), why);
  }
  return withSpec(pod, { serviceAccount: name, serviceAccountName: name });
}

function refuseInsecure(world: ClusterWorld, pod: JsonObject): void {
  const level = levelOf(world, namespaceOf(pod), ENFORCE);
  const problems = podSecurityProblems(objectAt(pod, 'spec'), level);
  if (problems.length > 0)
    throw forbidden(PODS, nameOf(pod), `violates PodSecurity "${level}:latest": ${problems.join(', ')}`);
}

/** Of a template nothing is refused; the API server only warns. */
function templateWarnings(world: ClusterWorld, object: JsonObject): readonly string[] {
  const pod = objectAt(object, 'spec', 'template', 'spec');
  const namespace = namespaceOf(object);
  const level = levelOf(world, namespace, 'pod-security.kubernetes.io/warn') || levelOf(world, namespace, ENFORCE);
  const problems = podSecurityProblems(pod, level);
  const insecure = problems.length === 0 ? [] : [`would violate PodSecurity "${level}:latest": ${problems.join(', ')}`];
  return [...insecure, ...duplicateVariables(pod)];
}

function duplicateVariables(pod: JsonObject): readonly string[] {
  return objectsAt(pod, 'containers').flatMap((container, at) => {
    const names = objectsAt(container, 'env').map((variable) => textAt(variable, 'name'));
    return names.flatMap((name, index) =>
      names.indexOf(name) < index
        ? [
            `spec.template.spec.containers[${at}].env[${index}]: hides previous definition of "${name}", which may be dropped when using apply`,
          ]
        : [],
    );
  });
}

function levelOf(world: ClusterWorld, namespace: string, label: string): string {
  const found = world.store.find(NAMESPACES, '', namespace);
  return found ? (labelsOf(found)[label] ?? '') : '';
}
