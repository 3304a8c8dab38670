import { type ContainerOwner, editContainers } from '../../../model/container-edits.ts';
import { type JsonObject, listAt, objectAt, textAt } from '../../../model/json.ts';
import type { EditChange } from '../../../model/workload.ts';
import { parseSecretReference } from './secret-reference.ts';

/**
 * The template with our change in it and nothing else touched. Its name is left out: a name that a user gave it stands
 * for the old content. Environment and secrets go to the first container of the change, or to the main one.
 * @throws DeployError INPUT_INVALID when it is not clear which container is meant, or a secret's reference can't be read
 */
export function editTemplate(template: JsonObject, change: EditChange): JsonObject {
  return { ...contentOf(template), containers: editContainers(listAt(template, 'containers'), change, owner) };
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

/** Variables and references to secrets are one list: a name that changes from one to the other is replaced in place. */
function configure(container: JsonObject, change: EditChange): JsonObject {
  const requested = new Map<string, JsonObject>([
    ...[...change.environment].map(([name, value]) => [name, { name, value }] as const),
    ...[...change.secrets].map(([name, reference]) => [name, { name, valueSource: sourceOf(reference) }] as const),
  ]);
  const current = listAt(container, 'env');
  const updated = current.map((entry) => {
    const replacement = requested.get(textAt(entry, 'name'));
    return replacement === undefined || isSameEntry(entry, replacement) ? entry : replacement;
  });
  const names = new Set(current.map((entry) => textAt(entry, 'name')));
  const added = [...requested].filter(([name]) => !names.has(name)).map(([, entry]) => entry);
  return { ...container, env: [...updated, ...added] };
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
