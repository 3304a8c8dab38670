import { type JsonObject, objectAt, objectsAt, textAt } from '../../json.ts';
import { numberOf, withoutDefaults } from '../json.ts';

/** https://cloud.google.com/run/docs/reference/rest/v1/RevisionTemplate */
export function toKnativeTemplate(template: JsonObject): JsonObject {
  return {
    metadata: withoutDefaults({
      name: textAt(template, 'revision'),
      labels: objectAt(template, 'labels'),
      annotations: annotationsOf(template),
    }),
    spec: toKnativeSpec(template),
  };
}

/** What v2 has as members and v1 as annotations. */
export function annotationsOf(template: JsonObject): JsonObject {
  const scaling = objectAt(template, 'scaling');
  const [min, max] = [numberOf(scaling, 'minInstanceCount'), numberOf(scaling, 'maxInstanceCount')];
  return {
    ...objectAt(template, 'annotations'),
    ...(min > 0 ? { 'autoscaling.knative.dev/minScale': String(min) } : {}),
    ...(max > 0 ? { 'autoscaling.knative.dev/maxScale': String(max) } : {}),
  };
}

/** https://cloud.google.com/run/docs/reference/rest/v1/RevisionSpec */
export function toKnativeSpec(template: JsonObject): JsonObject {
  return {
    containerConcurrency: numberOf(template, 'maxInstanceRequestConcurrency'),
    timeoutSeconds: Number(textAt(template, 'timeout').replace(/s$/, '')),
    serviceAccountName: textAt(template, 'serviceAccount'),
    containers: objectsAt(template, 'containers').map(toKnativeContainer),
  };
}

function toKnativeContainer(container: JsonObject): JsonObject {
  return withoutDefaults({
    ...{ name: textAt(container, 'name'), image: textAt(container, 'image') },
    ...{ command: container['command'], args: container['args'] },
    ports: objectsAt(container, 'ports'),
    resources: { limits: objectAt(objectAt(container, 'resources'), 'limits') },
    env: objectsAt(container, 'env').map(toKnativeVariable),
    startupProbe: objectAt(container, 'startupProbe'),
  });
}

function toKnativeVariable(variable: JsonObject): JsonObject {
  const { secret, version } = objectAt(objectAt(variable, 'valueSource'), 'secretKeyRef');
  const name = textAt(variable, 'name');
  if (secret === undefined) return { name, value: textAt(variable, 'value') };
  return { name, valueFrom: { secretKeyRef: { name: secret, key: version ?? 'latest' } } };
}
