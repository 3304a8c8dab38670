import {
  ALL_CONTAINERS,
  type ContainerLists,
  type ContainerOwner,
  editContainers,
  listLeftBehind,
} from '../../model/container-edits.ts';
import { DeployError } from '../../model/errors.ts';
import { isJsonObject, type JsonObject, listAt, objectAt, textAt } from '../../model/json.ts';
import { nearest } from '../../model/nearest.ts';
import type { EditChange } from '../../model/workload.ts';
import { mergeVariables } from '../merge-variables.ts';
import { parseConfigReference } from './config-reference.ts';

/**
 * The pod template with our change in it and nothing else touched. Environment and references go to the first container of
 * the change that is no init container, or to the main one.
 * @throws DeployError INPUT_INVALID when a container isn't there (a strategic merge would add it), can't be told, or a
 * reference can't be read; all of them at once
 */
export function editTemplate(template: JsonObject, change: EditChange): JsonObject {
  ensureContainers(template, change);
  const { containers, inits } = editContainers(listsOf(template), change, ownerOf(template));
  const spec = objectAt(template, 'spec');
  return { ...template, spec: { ...spec, ...(inits.length > 0 ? { initContainers: inits } : {}), containers } };
}

/** See `ChangePlan.warnings`. */
export function listWarnings(base: JsonObject, edited: JsonObject): readonly string[] {
  return listLeftBehind(listsOf(base), listsOf(edited));
}

function listsOf(template: JsonObject): ContainerLists {
  return { containers: listAt(template, 'spec', 'containers'), inits: listAt(template, 'spec', 'initContainers') };
}

function ensureContainers(template: JsonObject, { images }: EditChange): void {
  const names = ['containers', 'initContainers'].flatMap((list) =>
    listAt(template, 'spec', list).map((one) => textAt(one, 'name')),
  );
  const given = images.flatMap(({ container }) => (container === ALL_CONTAINERS ? [] : (container ?? [])));
  const missing = given.filter((name) => !names.includes(name));
  if (missing.length === 0) return;
  const which =
    missing.length === 1 ? `there is no container ${missing[0]}` : `there are no containers ${missing.join(', ')}`;
  const likely = missing.length === 1 ? nearest(missing[0]!, names) : null;
  throw new DeployError('INPUT_INVALID', `could not edit the pod template: ${which}`, {
    hint: `${likely ? `Did you mean \`${likely}\`? ` : ''}Its containers: ${names.join(', ')}.`,
  });
}

// https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-default-container
const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

function ownerOf(template: JsonObject): ContainerOwner {
  const main = textAt(template, 'metadata', 'annotations', DEFAULT_CONTAINER);
  return { called: 'the pod template', isMain: (container) => main !== '' && container['name'] === main, configure };
}

function configure(container: JsonObject, change: EditChange): JsonObject {
  const requested = new Map<string, JsonObject>([
    ...[...change.environment].map(([name, value]) => [name, { name, value }] as const),
    ...[...change.secrets].map(
      ([name, reference]) => [name, { name, valueFrom: parseConfigReference(reference) }] as const,
    ),
  ]);
  return { ...container, env: mergeVariables(listAt(container, 'env'), requested, isSameEntry) };
}

/** An entry that has the requested value already is kept, with the members that this version doesn't know (`optional`). */
function isSameEntry(entry: JsonObject, requested: JsonObject): boolean {
  const wanted = requested['valueFrom'];
  if (!isJsonObject(wanted))
    return !isJsonObject(entry['valueFrom']) && textAt(entry, 'value') === textAt(requested, 'value');
  return ['secretKeyRef', 'configMapKeyRef'].every((kind) => {
    const [have, want] = [objectAt(entry, 'valueFrom', kind), objectAt(wanted, kind)];
    return textAt(have, 'name') === textAt(want, 'name') && textAt(have, 'key') === textAt(want, 'key');
  });
}
