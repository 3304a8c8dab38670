import { DeployError } from '../../model/errors.ts';
import { type ImageReference, parseImageName } from '../../model/image.ts';
import { type Json, listOf, textOf } from './json.ts';

interface Wanted {
  /** null: the main container, whichever that is. */
  readonly container: string | null;
  readonly image: ImageReference | null;
}

/**
 * The container's place in the list. Without a name: the only container, else the one that takes requests (Cloud Run
 * allows one to have a port), else the only one that already runs an image of the same repository.
 * @throws DeployError INPUT_INVALID that lists the names
 */
export function chooseContainer(containers: readonly Json[], wanted: Wanted): number {
  const names = containers.map((container) => textOf(container, 'name')).filter((name) => name !== '');
  if (wanted.container !== null) {
    const index = containers.findIndex((container) => textOf(container, 'name') === wanted.container);
    if (index >= 0) return index;
    throw undecided(`there is no container ${wanted.container}`, names);
  }
  const candidates = [
    containers,
    containers.filter((container) => listOf(container, 'ports').length > 0),
    containers.filter((container) => runsRepository(container, wanted.image)),
  ];
  const only = candidates.find((list) => list.length === 1)?.[0];
  if (only) return containers.indexOf(only);
  throw undecided('several containers could be meant', names);
}

function undecided(why: string, names: readonly string[]): DeployError {
  const hint =
    names.length > 0
      ? `Name one of its containers: ${names.join(', ')}.`
      : 'Its only container has no name: leave out `container`.';
  return new DeployError('INPUT_INVALID', `could not choose the container of the service: ${why}`, { hint });
}

function runsRepository(container: Json, image: ImageReference | null): boolean {
  if (!image) return false;
  try {
    const running = parseImageName(textOf(container, 'image'));
    return running.registry === image.registry && running.repository === image.repository;
  } catch {
    return false;
  }
}
