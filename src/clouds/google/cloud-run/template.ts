import { type ContainerOwner, editContainers } from '../../../model/container-edits.ts';
import type { Change } from '../../../model/workload.ts';
import { type Json, listOf, objectOf, textOf, without } from '../json.ts';
import { parseSecretReference } from './secret-reference.ts';

/**
 * The template with our change in it and nothing else touched. Its name is left out: a name that a user gave it stands
 * for the old content. Environment and secrets go to the first container of the change, or to the main one.
 * @throws DeployError INPUT_INVALID when a container can't be told, or a secret's reference can't be read
 */
export function editTemplate(template: Json, change: Change): Json {
  return { ...contentOf(template), containers: editContainers(listOf(template, 'containers'), change, owner) };
}

const owner: ContainerOwner = {
  called: 'the service',
  // The one that takes requests: Cloud Run allows one to have a port.
  isMain: (container) => listOf(container, 'ports').length > 0,
  configure,
};

/** What a revision is made of: the template without the name. */
export function contentOf(template: Json): Json {
  return without(template, 'revision');
}

/** Variables and references to secrets are one list: a name that changes from one to the other is replaced in place. */
function configure(container: Json, change: Change): Json {
  const wanted = new Map<string, Json>([
    ...[...change.environment].map(([name, value]) => [name, { name, value }] as const),
    ...[...change.secrets].map(([name, reference]) => [name, { name, valueSource: sourceOf(reference) }] as const),
  ]);
  const old = listOf(container, 'env');
  const updated = old.map((entry) => {
    const entryWanted = wanted.get(textOf(entry, 'name'));
    return entryWanted === undefined || isSameEntry(entry, entryWanted) ? entry : entryWanted;
  });
  const names = new Set(old.map((entry) => textOf(entry, 'name')));
  const added = [...wanted].filter(([name]) => !names.has(name)).map(([, entry]) => entry);
  return { ...container, env: [...updated, ...added] };
}

function sourceOf(reference: string): Json {
  return { secretKeyRef: parseSecretReference(reference) };
}

/** An entry that has the requested value already is kept, with the members that this version doesn't know. */
function isSameEntry(entry: Json, wanted: Json): boolean {
  const [have, want] = [entry, wanted].map((one) => objectOf(objectOf(one, 'valueSource'), 'secretKeyRef'));
  const isSecret = 'valueSource' in wanted;
  // Google leaves an empty value out.
  if (!isSecret) return !('valueSource' in entry) && textOf(entry, 'value') === textOf(wanted, 'value');
  return textOf(have!, 'secret') === textOf(want!, 'secret') && textOf(have!, 'version') === textOf(want!, 'version');
}
