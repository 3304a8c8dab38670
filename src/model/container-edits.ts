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

/** What one template runs. */
export interface ContainerLists {
  readonly containers: readonly Container[];
  /** Those that run and end before the others; none where the platform has no such containers. */
  readonly inits: readonly Container[];
}

/** As a name in `images`: every container that runs an image of the same repository. */
export const ALL_CONTAINERS = '*';

/**
 * The containers with our change in them and nothing else touched. Environment and secrets go to the first container of
 * the change that is no init container, or to the main one where the change names none.
 * @throws DeployError INPUT_INVALID when a container can't be told.
 */
export function editContainers(lists: ContainerLists, change: EditChange, owner: ContainerOwner): ContainerLists {
  const images = chooseImages(lists, change, owner);
  const main = (): Container => chooseContainer(lists, { container: null, image: null }, owner);
  const { environment, secrets, removed = new Set<string>() } = change;
  const configures = environment.size + secrets.size + removed.size > 0;
  const first = [...images.keys()].find((container) => lists.containers.includes(container));
  const configured = configures ? (first ?? main()) : null;
  const edit = (container: Container): Container => {
    const image = images.get(container);
    const edited = image ? { ...container, image: formatImage(image) } : container;
    return container === configured ? owner.configure(withoutVariables(edited, removed), change) : edited;
  };
  return { containers: lists.containers.map(edit), inits: lists.inits.map(edit) };
}

/** What the platforms call the lists in which a variable can be. */
const VARIABLE_LISTS = ['env', 'environment', 'secrets'];

function withoutVariables(container: Container, removed: ReadonlySet<string>): Container {
  const lists = VARIABLE_LISTS.flatMap((member) => {
    const list = removed.size > 0 ? container[member] : null;
    return Array.isArray(list) ? [[member, list.filter((entry) => !removed.has(String(entry?.name)))] as const] : [];
  });
  return { ...container, ...Object.fromEntries(lists) };
}

/**
 * Containers that stay on another image of a repository from which the change takes its own, one line each: an application
 * and its migrations, of which only one is updated. `before`: what `edited` was made from.
 */
export function listLeftBehind(before: ContainerLists, edited: ContainerLists): readonly string[] {
  const old = [...before.containers, ...before.inits];
  const now = [...edited.containers, ...edited.inits];
  const moved = now.filter((container, index) => container['image'] !== old[index]?.['image']);
  const repositories = new Set(
    [...moved, ...old.filter((_, index) => moved.includes(now[index]!))].flatMap((one) => repositoryOf(one) ?? []),
  );
  return now.flatMap((container, index) => {
    const repository = moved.includes(container) ? null : repositoryOf(container);
    if (repository === null || !repositories.has(repository)) return [];
    if (moved.some((one) => one['image'] === container['image'])) return [];
    const name = containerName(container, index);
    return [
      `container ${name} stays on ${String(container['image'])}, an image of the same repository: name it in \`container\` too, or write \`container: all\``,
    ];
  });
}

function chooseImages(
  lists: ContainerLists,
  change: EditChange,
  owner: ContainerOwner,
): ReadonlyMap<Container, ImageReference> {
  const images = new Map<Container, ImageReference>();
  const named = change.images.filter(({ container }) => container !== ALL_CONTAINERS);
  for (const requested of named) {
    const container = chooseContainer(lists, requested, owner);
    if (images.has(container)) throw imagedTwice(nameOf(container) || 'main');
    images.set(container, requested.image);
  }
  for (const { container, image } of change.images) {
    if (container !== ALL_CONTAINERS) continue;
    for (const one of chooseAll(lists, image, owner)) if (!images.has(one)) images.set(one, image);
  }
  return images;
}

/** Those that run the image's repository, or the one that the main container runs now, as of an image that moved. */
function chooseAll(lists: ContainerLists, image: ImageReference, owner: ContainerOwner): readonly Container[] {
  const ofIt = (repository: string) =>
    [...lists.containers, ...lists.inits].filter((container) => repositoryOf(container) === repository);
  const found = ofIt(`${image.registry}/${image.repository}`);
  if (found.length > 0) return found;
  const main = chooseContainer(lists, { container: null, image }, owner);
  return ofIt(repositoryOf(main) ?? '');
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
 * Without a name: the only container, else the only one that the platform takes for the main one, else the only one that
 * already runs an image of the same repository.
 */
function chooseContainer(
  { containers, inits }: ContainerLists,
  requested: RequestedImage,
  owner: ContainerOwner,
): Container {
  if (requested.container !== null) {
    const found = [...containers, ...inits].find((container) => nameOf(container) === requested.container);
    if (found) return found;
    throw undecided(`there is no container ${requested.container}`, [...containers, ...inits], owner);
  }
  const candidates = [
    containers,
    containers.filter((container) => owner.isMain?.(container)),
    containers.filter((container) => runsRepository(container, requested.image)),
  ];
  const only = candidates.find((list) => list.length === 1)?.[0];
  if (only) return only;
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
  return image !== null && repositoryOf(container) === `${image.registry}/${image.repository}`;
}

/** null: its image can't be read. */
function repositoryOf(container: Container): string | null {
  try {
    const { registry, repository } = parseImageName(String(container['image']));
    return `${registry}/${repository}`;
  } catch {
    return null;
  }
}
