import type { JsonObject } from '../../json.ts';
import { numberOf, objectOf, objectsOf, textOf, withoutDefaults } from '../json.ts';

/** https://cloud.google.com/run/docs/reference/rest/v1/RevisionTemplate */
export function toKnativeTemplate(template: JsonObject): JsonObject {
  return {
    metadata: withoutDefaults({
      name: textOf(template, 'revision'),
      labels: objectOf(template, 'labels'),
      annotations: annotationsOf(template),
    }),
    spec: toKnativeSpec(template),
  };
}

/** What v2 has as members and v1 as annotations. */
export function annotationsOf(template: JsonObject): JsonObject {
  const scaling = objectOf(template, 'scaling');
  const [min, max] = [numberOf(scaling, 'minInstanceCount'), numberOf(scaling, 'maxInstanceCount')];
  return {
    ...objectOf(template, 'annotations'),
    ...(min > 0 ? { 'autoscaling.knative.dev/minScale': String(min) } : {}),
    ...(max > 0 ? { 'autoscaling.knative.dev/maxScale': String(max) } : {}),
  };
}

/** https://cloud.google.com/run/docs/reference/rest/v1/RevisionSpec */
export function toKnativeSpec(template: JsonObject): JsonObject {
  return {
    containerConcurrency: numberOf(template, 'maxInstanceRequestConcurrency'),
    timeoutSeconds: Number(textOf(template, 'timeout').replace(/s$/, '')),
    serviceAccountName: textOf(template, 'serviceAccount'),
    containers: objectsOf(template, 'containers').map(toKnativeContainer),
  };
}

function toKnativeContainer(container: JsonObject): JsonObject {
  return withoutDefaults({
    ...{ name: textOf(container, 'name'), image: textOf(container, 'image') },
    ...{ command: container['command'], args: container['args'] },
    ports: objectsOf(container, 'ports'),
    resources: { limits: objectOf(objectOf(container, 'resources'), 'limits') },
    env: objectsOf(container, 'env').map(toKnativeVariable),
    startupProbe: objectOf(container, 'startupProbe'),
  });
}

function toKnativeVariable(variable: JsonObject): JsonObject {
  const { secret, version } = objectOf(objectOf(variable, 'valueSource'), 'secretKeyRef');
  const name = textOf(variable, 'name');
  if (secret === undefined) return { name, value: textOf(variable, 'value') };
  return { name, valueFrom: { secretKeyRef: { name: secret, key: version ?? 'latest' } } };
}
