import { isSame, type JsonObject, objectAt, objectsAt, textAt } from '../json.ts';
import type { Cause } from './api/api-error.ts';
import { labelsOf, numberAt } from './object.ts';
import { DAEMON_SETS, DEPLOYMENTS, JOBS, PODS, REPLICA_SETS, type ResourceKind, STATEFUL_SETS } from './resources.ts';
import { selects } from './selectors.ts';

const WITH_TEMPLATE: readonly ResourceKind[] = [DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS, DAEMON_SETS, JOBS];
const WITH_SELECTOR: readonly ResourceKind[] = [DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS, DAEMON_SETS];
/** Of a StatefulSet, after it was made. */
const CHANGEABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

/** What is wrong with a new object, as far as a deployment tool can do it wrong. */
export function validateNew(kind: ResourceKind, object: JsonObject): readonly Cause[] {
  const name = textAt(object, 'metadata', 'name');
  const spec = objectAt(object, 'spec');
  return [
    ...(name === '' ? [required('metadata.name', 'name or generateName is required')] : validateName(name)),
    ...(WITH_SELECTOR.includes(kind) ? validateSelector(spec) : []),
    ...validateSpec(kind, spec),
  ];
}

export function validateChange(kind: ResourceKind, before: JsonObject, after: JsonObject): readonly Cause[] {
  const [old, spec] = [objectAt(before, 'spec'), objectAt(after, 'spec')];
  const isReselected = WITH_SELECTOR.includes(kind) && !isSame(old['selector'], spec['selector']);
  const isTemplated = kind === JOBS && !isSame(old['template'], spec['template']);
  return [
    ...(kind === STATEFUL_SETS ? validateStatefulChange(old, spec) : []),
    ...(isTemplated ? [immutable('spec.template', spec['template'] ?? null)] : []),
    ...(WITH_SELECTOR.includes(kind) ? validateSelector(spec) : []),
    ...(isReselected && kind !== STATEFUL_SETS ? [immutable('spec.selector', spec['selector'] ?? null)] : []),
    ...validateSpec(kind, spec),
  ];
}

function validateSpec(kind: ResourceKind, spec: JsonObject): readonly Cause[] {
  const pod = kind === PODS ? spec : objectAt(spec, 'template', 'spec');
  const path = kind === PODS ? 'spec' : 'spec.template.spec';
  const hasPod = kind === PODS || WITH_TEMPLATE.includes(kind);
  const replicas = numberAt({ spec }, 'spec', 'replicas');
  return [
    ...(replicas < 0
      ? [
          {
            ...invalidValue('spec.replicas', replicas),
            message: `Invalid value: ${replicas}: must be greater than or equal to 0`,
          },
        ]
      : []),
    ...(kind === DEPLOYMENTS ? validateStrategy(spec) : []),
    ...(hasPod ? validatePod(pod, path) : []),
  ];
}

function validateStrategy(spec: JsonObject): readonly Cause[] {
  const strategy = objectAt(spec, 'strategy');
  const type = textAt(strategy, 'type');
  if (type === 'Recreate' && strategy['rollingUpdate'])
    return [
      {
        reason: 'FieldValueForbidden',
        field: 'spec.strategy.rollingUpdate',
        message: "Forbidden: may not be specified when strategy `type` is 'Recreate'",
      },
    ];
  const { maxSurge, maxUnavailable } = objectAt(strategy, 'rollingUpdate');
  const isZero = (value: unknown): boolean => value === 0 || value === '0%';
  if (type === 'RollingUpdate' && isZero(maxSurge) && isZero(maxUnavailable))
    return [
      {
        reason: 'FieldValueInvalid',
        field: 'spec.strategy.rollingUpdate.maxUnavailable',
        message: 'Invalid value: 0: may not be 0 when `maxSurge` is 0',
      },
    ];
  return [];
}

function validatePod(pod: JsonObject, path: string): readonly Cause[] {
  const containers = objectsAt(pod, 'containers');
  const all = [
    ...containers.map((container, index) => ({ container, field: `${path}.containers[${index}]` })),
    ...objectsAt(pod, 'initContainers').map((container, index) => ({
      container,
      field: `${path}.initContainers[${index}]`,
    })),
  ];
  const names = all.map(({ container }) => textAt(container, 'name'));
  return [
    ...(containers.length === 0 ? [required(`${path}.containers`, '')] : []),
    ...all.flatMap(({ container, field }, index) => [
      ...(names[index] === '' ? [required(`${field}.name`, '')] : []),
      ...(names.indexOf(names[index]!) < index
        ? [{ reason: 'FieldValueDuplicate', field: `${field}.name`, message: `Duplicate value: "${names[index]}"` }]
        : []),
      ...(textAt(container, 'image') === '' ? [required(`${field}.image`, '')] : []),
      ...validateVariables(container, field),
    ]),
  ];
}

function validateVariables(container: JsonObject, path: string): readonly Cause[] {
  return objectsAt(container, 'env').flatMap((variable, index) => {
    const isBoth = textAt(variable, 'value') !== '' && variable['valueFrom'];
    if (!isBoth) return [];
    const message = 'Invalid value: "": may not be specified when `value` is not empty';
    return [{ reason: 'FieldValueInvalid', field: `${path}.env[${index}].valueFrom`, message }];
  });
}

function validateSelector(spec: JsonObject): readonly Cause[] {
  const selector = objectAt(spec, 'selector');
  const isAbsent = Object.keys(selector).length === 0;
  const labels = labelsOf(objectAt(spec, 'template'));
  if (!isAbsent && selects(selector, labels)) return [];
  const message = `Invalid value: ${JSON.stringify(labels)}: \`selector\` does not match template \`labels\``;
  const absent = isAbsent ? [required('spec.selector', '')] : [];
  return [...absent, { reason: 'FieldValueInvalid', field: 'spec.template.metadata.labels', message }];
}

function validateStatefulChange(old: JsonObject, spec: JsonObject): readonly Cause[] {
  const rest = (value: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(value).filter(([name]) => !CHANGEABLE.includes(name)));
  if (isSame(rest(old), rest(spec))) return [];
  const list = CHANGEABLE.map((name) => `'${name}'`);
  const message = `Forbidden: updates to statefulset spec for fields other than ${list.slice(0, -1).join(', ')} and ${list.at(-1)} are forbidden`;
  return [{ reason: 'FieldValueForbidden', field: 'spec', message }];
}

function validateName(name: string): readonly Cause[] {
  if (/^[a-z0-9:]([-a-z0-9.:]*[a-z0-9])?$/.test(name) && name.length <= 253) return [];
  const message = `Invalid value: "${name}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`;
  return [{ reason: 'FieldValueInvalid', field: 'metadata.name', message }];
}

function required(field: string, why: string): Cause {
  return { reason: 'FieldValueRequired', field, message: `Required value${why === '' ? '' : `: ${why}`}` };
}

function immutable(field: string, value: unknown): Cause {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}: field is immutable` };
}

function invalidValue(field: string, value: unknown): Cause {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(value)}` };
}
