import { isObject, type Json, type JsonObject, objectAt, objectsAt } from '../../json.ts';
import { DAEMON_SETS, DEPLOYMENTS, JOBS, PODS, type ResourceKind, STATEFUL_SETS } from '../resources.ts';
import type { ApiCall } from './api-call.ts';
import { ApiError, badRequest } from './api-error.ts';

const METADATA =
  'annotations creationTimestamp deletionGracePeriodSeconds deletionTimestamp finalizers generateName generation labels managedFields name namespace ownerReferences resourceVersion selfLink uid';
const POD =
  'activeDeadlineSeconds affinity automountServiceAccountToken containers dnsConfig dnsPolicy enableServiceLinks ephemeralContainers hostAliases hostIPC hostNetwork hostPID hostUsers hostname hostnameOverride imagePullSecrets initContainers nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName readinessGates resourceClaims resources restartPolicy runtimeClassName schedulerName schedulingGates securityContext serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain terminationGracePeriodSeconds tolerations topologySpreadConstraints volumes workloadRef';
const CONTAINER =
  'args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports readinessProbe resizePolicy resources restartPolicy restartPolicyRules securityContext startupProbe stdin stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir';
const SPECS = new Map<ResourceKind, string>([
  [
    DEPLOYMENTS,
    'minReadySeconds paused podReplacementPolicy progressDeadlineSeconds replicas revisionHistoryLimit selector strategy template',
  ],
  [
    STATEFUL_SETS,
    'minReadySeconds ordinals persistentVolumeClaimRetentionPolicy podManagementPolicy replicas revisionHistoryLimit selector serviceName template updateStrategy volumeClaimTemplates',
  ],
  [DAEMON_SETS, 'minReadySeconds revisionHistoryLimit selector template updateStrategy'],
  [
    JOBS,
    'activeDeadlineSeconds backoffLimit backoffLimitPerIndex completionMode completions managedBy manualSelector maxFailedIndexes parallelism podFailurePolicy podReplacementPolicy selector successPolicy suspend template ttlSecondsAfterFinished',
  ],
]);

/**
 * `Strict` refuses what the types of these kinds don't have, `Warn` (the default) says it; then it is left out. `patch`:
 * what the object comes from. @throws ApiError 400, or 422 of a patch
 */
export function checkFields(call: ApiCall, given: JsonObject, patch: Json): JsonObject {
  const object = call.kind.custom ? given : withoutNulls(given);
  const mode = call.query.get('fieldValidation') ?? 'Warn';
  const paths = call.subresource === '' ? unknownFields(call.kind, object) : [];
  if (paths.length === 0) return object;
  const unknown = paths.map((field) => `unknown field "${field}"`);
  if (mode === 'Warn') call.warnings.push(...unknown);
  if (mode === 'Strict') refuse(call, patch, `strict decoding error: ${unknown.join(', ')}`);
  return paths.reduce((rest, path) => without(rest, path.split(/[.[\]]+/)) as JsonObject, object);
}

/** What is read into Go's types has no null: kubectl before 1.33 sends `creationTimestamp: null` with each template. */
function withoutNulls<Value extends Json>(value: Value): Value {
  if (Array.isArray(value)) return (value as readonly Json[]).map(withoutNulls) as unknown as Value;
  if (!isObject(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member as Json)])) as unknown as Value;
}

function refuse({ kind }: ApiCall, patch: Json, problem: string): never {
  if (patch === null)
    throw badRequest(`${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${problem}`);
  const message = `Invalid value: ${JSON.stringify(toGoText(patch))}: ${problem}`;
  const causes = [{ reason: 'FieldValueInvalid', message, field: 'patch' }];
  throw new ApiError(422, 'Invalid', ` "" is invalid: patch: ${message}`, { causes });
}

/** As Go prints it: `map[spec:map[replica:1]]` */
function toGoText(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(toGoText).join(' ')}]`;
  if (!isObject(value)) return value === null || value === undefined ? '<nil>' : String(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${members.map(([name, member]) => `${name}:${toGoText(member)}`).join(' ')}]`;
}

function without(value: Json | undefined, [name = '', ...rest]: readonly string[]): Json | undefined {
  if (Array.isArray(value)) {
    const list = value as readonly Json[];
    return list.with(Number(name), without(list[Number(name)], rest) ?? null);
  }
  if (!isObject(value)) return value;
  if (rest.length > 0) return { ...value, [name]: without(value[name], rest) };
  const { [name]: _, ...others } = value;
  return others;
}

function unknownFields(kind: ResourceKind, object: JsonObject): readonly string[] {
  if (kind === PODS) return podFields(objectAt(object, 'spec'), 'spec');
  const own = SPECS.get(kind);
  if (own === undefined) return [];
  return [
    ...outside(object, 'apiVersion kind metadata spec status', ''),
    ...outside(objectAt(object, 'metadata'), METADATA, 'metadata.'),
    ...outside(objectAt(object, 'spec'), own, 'spec.'),
    ...outside(objectAt(object, 'spec', 'template'), 'metadata spec', 'spec.template.'),
    ...podFields(objectAt(object, 'spec', 'template', 'spec'), 'spec.template.spec'),
  ];
}

function podFields(pod: JsonObject, path: string): readonly string[] {
  const containers = ['containers', 'initContainers'].flatMap((list) =>
    objectsAt(pod, list).flatMap((container, index) => [
      ...outside(container, CONTAINER, `${path}.${list}[${index}].`),
      ...objectsAt(container, 'env').flatMap((one, at) =>
        outside(one, 'name value valueFrom', `${path}.${list}[${index}].env[${at}].`),
      ),
    ]),
  );
  return [...outside(pod, POD, `${path}.`), ...containers];
}

function outside(object: JsonObject, known: string, path: string): readonly string[] {
  const names = known.split(' ');
  return isObject(object)
    ? Object.keys(object)
        .filter((name) => !names.includes(name))
        .map((name) => `${path}${name}`)
    : [];
}
