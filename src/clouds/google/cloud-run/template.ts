import {
  type Container,
  type ContainerLists,
  type ContainerOwner,
  editContainers,
  listLeftBehind,
} from '../../../model/container-edits.ts';
import { type JsonObject, listAt, objectAt, textAt } from '../../../model/json.ts';
import type { EditChange } from '../../../model/workload.ts';
import { mergeVariables } from '../../merge-variables.ts';
import { parseSecretReference } from './secret-reference.ts';

/**
 * The template with our change in it and nothing else touched. Its name is left out: a name that a user gave it stands
 * for the old content. Environment and secrets go to the first container of the change, or to the main one.
 * @throws DeployError INPUT_INVALID when it is not clear which container is meant, or a secret's reference can't be read
 */
export function editTemplate(template: JsonObject, change: EditChange): JsonObject {
  const lists = listsOf(template);
  const { containers } = editContainers(lists, change, owner);
  const edited = containers.map((container, index) =>
    container['image'] === lists.containers[index]!['image'] ? container : withoutBuild(container),
  );
  return { ...contentOf(template), containers: edited };
}

/**
 * Of the build that made the previous image: Cloud Run would put its base image below ours, and show sources that ours was not
 * made of. https://cloud.google.com/run/docs/configuring/services/automatic-base-image-updates
 */
function withoutBuild(container: Container): Container {
  const { baseImageUri: _, sourceCode: __, buildInfo: ___, ...rest } = container;
  return rest;
}

/** See `ChangePlan.warnings`. */
export function listWarnings(base: JsonObject, edited: JsonObject): readonly string[] {
  return listLeftBehind(listsOf(base), listsOf(edited));
}

function listsOf(template: JsonObject): ContainerLists {
  return { containers: listAt(template, 'containers'), inits: [] };
}

const owner: ContainerOwner = {
  called: 'the service',
  // The one that takes requests: Cloud Run allows one to have a port.
  isMain: (container) => listAt(container, 'ports').length > 0,
  configure,
};

/** What a revision is made of: the template without the name. */
export function contentOf(template: JsonObject): JsonObject {
  const { revision: _, ...content } = template;
  return content;
}

function configure(container: JsonObject, change: EditChange): JsonObject {
  const requested = new Map<string, JsonObject>([
    ...[...change.environment].map(([name, value]) => [name, { name, value }] as const),
    ...[...change.secrets].map(([name, reference]) => [name, { name, valueSource: sourceOf(reference) }] as const),
  ]);
  return { ...container, env: mergeVariables(listAt(container, 'env'), requested, isSameEntry) };
}

function sourceOf(reference: string): JsonObject {
  return { secretKeyRef: parseSecretReference(reference) };
}

/** An entry that has the requested value already is kept, with the members that this version doesn't know. */
function isSameEntry(entry: JsonObject, requested: JsonObject): boolean {
  const [have, want] = [entry, requested].map((one) => objectAt(objectAt(one, 'valueSource'), 'secretKeyRef'));
  const isSecret = 'valueSource' in requested;
  // Google leaves an empty value out.
  if (!isSecret) return !('valueSource' in entry) && textAt(entry, 'value') === textAt(requested, 'value');
  return textAt(have!, 'secret') === textAt(want!, 'secret') && textAt(have!, 'version') === textAt(want!, 'version');
}
