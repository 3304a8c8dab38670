import { DeployError } from '../../model/errors.ts';
import { type ImageReference, parseImageName } from '../../model/image.ts';
import { type Json, textAt } from './json.ts';

interface Wanted {
  /** null: the main container, whichever that is. */
  readonly container: string | null;
  readonly image: ImageReference | null;
}

/**
 * The container's name. Without one: the only container, else the only one that already runs an image of the same
 * repository.
 * @throws DeployError INPUT_INVALID that lists the names.
 */
export function chooseContainer(containers: readonly Json[], { container, image }: Wanted): string {
  const names = containers.map((one) => textAt(one, 'name'));
  if (container !== null) {
    if (names.includes(container)) return container;
    throw undecided(`there is no container ${container}`, names);
  }
  const candidates = [containers, containers.filter((one) => runsRepository(one, image))];
  const only = candidates.find((list) => list.length === 1)?.[0];
  if (only) return textAt(only, 'name');
  throw undecided('several containers could be meant', names);
}

function undecided(why: string, names: readonly string[]): DeployError {
  return new DeployError('INPUT_INVALID', `could not choose the container of the app: ${why}`, {
    hint: `Name one of its containers: ${names.join(', ')}.`,
  });
}

function runsRepository(container: Json, image: ImageReference | null): boolean {
  if (!image) return false;
  try {
    const running = parseImageName(textAt(container, 'image'));
    return running.registry === image.registry && running.repository === image.repository;
  } catch {
    return false;
  }
}
