import { DeployError } from './errors.ts';
import { formatImage, type ImageReference, parseImageName } from './image.ts';
import type { EditChange } from './workload.ts';

/** As every platform describes one: with `name` and `image`. Whatever else it has is the platform's own. */
export interface Container {
  readonly [member: string]: unknown;
}

/** What a platform adds to the edit of its containers. */
export interface ContainerOwner {
  /** Completes "the container of …": `the app`. */
  readonly called: string;
  /** Whether it could be the main one, by what the platform itself says; absent: it says nothing of that. */
  readonly isMain?: (container: Container) => boolean;
  /** The container with the change's environment and secrets in it. */
  readonly configure: (container: Container, change: EditChange) => Container;
}

/**
 * The containers with our change in them and nothing else touched. Environment and secrets go to the first container of
 * the change, or to the main one where the change names none.
 * @throws DeployError INPUT_INVALID when a container can't be told.
 */
export function editContainers(
  containers: readonly Container[],
  change: EditChange,
  owner: ContainerOwner,
): readonly Container[] {
  const images = new Map<number, ImageReference>();
  for (const requested of change.images) {
    const index = chooseContainer(containers, requested, owner);
    if (images.has(index)) throw imagedTwice(containerName(containers[index]!, index));
    images.set(index, requested.image);
  }
  const main = (): number => chooseContainer(containers, { container: null, image: null }, owner);
  const configures = change.environment.size > 0 || change.secrets.size > 0;
  const configured = configures ? ([...images.keys()][0] ?? main()) : null;
  return containers.map((container, index) => {
    const image = images.get(index);
    const edited = image ? { ...container, image: formatImage(image) } : container;
    return index === configured ? owner.configure(edited, change) : edited;
  });
}

/** For messages: its name, or where it is in the list. */
export function containerName(container: Container, index: number): string {
  return nameOf(container) || (index === 0 ? 'main' : `#${index + 1}`);
}

interface RequestedImage {
  /** null: the main container, whichever that is. */
  readonly container: string | null;
  readonly image: ImageReference | null;
}

/**
 * Its place in the list. Without a name: the only container, else the only one that the platform takes for the main one,
 * else the only one that already runs an image of the same repository.
 */
function chooseContainer(containers: readonly Container[], requested: RequestedImage, owner: ContainerOwner): number {
  if (requested.container !== null) {
    const index = containers.findIndex((container) => nameOf(container) === requested.container);
    if (index >= 0) return index;
    throw undecided(`there is no container ${requested.container}`, containers, owner);
  }
  const candidates = [
    containers,
    containers.filter((container) => owner.isMain?.(container)),
    containers.filter((container) => runsRepository(container, requested.image)),
  ];
  const only = candidates.find((list) => list.length === 1)?.[0];
  if (only) return containers.indexOf(only);
  throw undecided('several containers could be meant', containers, owner);
}

function imagedTwice(name: string): DeployError {
  return new DeployError('INPUT_INVALID', `could not edit container ${name}: it has two images`, {
    hint: 'Name each container once in the input `container`.',
  });
}

function nameOf({ name }: Container): string {
  return typeof name === 'string' ? name : '';
}

function undecided(why: string, containers: readonly Container[], { called }: ContainerOwner): DeployError {
  const names = containers.map(nameOf).filter((name) => name !== '');
  const hint =
    names.length > 0
      ? `Name one of its containers: ${names.join(', ')}.`
      : 'Its only container has no name: leave out `container`.';
  return new DeployError('INPUT_INVALID', `could not choose the container of ${called}: ${why}`, { hint });
}

function runsRepository(container: Container, image: ImageReference | null): boolean {
  if (!image) return false;
  try {
    const running = parseImageName(String(container['image']));
    return running.registry === image.registry && running.repository === image.repository;
  } catch {
    return false;
  }
}
