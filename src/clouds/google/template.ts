import { DeployError } from '../../model/errors.ts';
import { formatImage } from '../../model/image.ts';
import type { Change } from '../../model/workload.ts';
import { chooseContainer } from './container-choice.ts';
import { type Json, listOf, objectOf, textOf, without } from './json.ts';
import { parseSecretReference } from './secret-reference.ts';

/**
 * The template with our change in it and nothing else touched. Its name is left out: a name that a user gave it stands
 * for the old content. Environment and secrets go to the first container of the change, or to the main one.
 * @throws DeployError INPUT_INVALID when a container can't be told, or a secret's reference can't be read
 */
export function editTemplate(template: Json, change: Change): Json {
  const containers = [...listOf(template, 'containers')];
  const changed = new Set<number>();
  for (const { container, image } of change.images) {
    const index = chooseContainer(containers, { container, image });
    if (changed.has(index)) throw imagedTwice(containers, index);
    changed.add(index);
    containers[index] = { ...containers[index]!, image: formatImage(image) };
  }
  if (change.environment.size > 0 || change.secrets.size > 0) {
    const index = [...changed][0] ?? chooseContainer(containers, { container: null, image: null });
    containers[index] = configure(containers[index]!, change);
  }
  return { ...contentOf(template), containers };
}

/** What a revision is made of: the template without the name. */
export function contentOf(template: Json): Json {
  return without(template, 'revision');
}

/** For messages: its name, or where it is in the list. */
export function containerName(container: Json, index: number): string {
  return textOf(container, 'name') || (index === 0 ? 'main' : `#${index + 1}`);
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

/** What this version doesn't know of an entry survives where the entry already says what is wanted. */
function isSameEntry(entry: Json, wanted: Json): boolean {
  const [have, want] = [entry, wanted].map((one) => objectOf(objectOf(one, 'valueSource'), 'secretKeyRef'));
  const isSecret = 'valueSource' in wanted;
  // Google leaves an empty value out.
  if (!isSecret) return !('valueSource' in entry) && textOf(entry, 'value') === textOf(wanted, 'value');
  return textOf(have!, 'secret') === textOf(want!, 'secret') && textOf(have!, 'version') === textOf(want!, 'version');
}

function imagedTwice(containers: readonly Json[], index: number): DeployError {
  const name = containerName(containers[index]!, index);
  return new DeployError('INPUT_INVALID', `could not edit container ${name}: it has two images`, {
    hint: 'Name each container once in the input `container`.',
  });
}
