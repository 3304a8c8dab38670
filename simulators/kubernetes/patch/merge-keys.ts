/**
 * Lists whose items have an identity, by the name of the member that holds them, and what identifies an item. Any other
 * list is replaced as a whole. https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
 */
const MERGE_KEYS = new Map([
  ['containers', 'name'],
  ['initContainers', 'name'],
  ['ephemeralContainers', 'name'],
  ['env', 'name'],
  ['volumes', 'name'],
  ['volumeMounts', 'mountPath'],
  ['volumeDevices', 'devicePath'],
  ['imagePullSecrets', 'name'],
  ['hostAliases', 'ip'],
  ['topologySpreadConstraints', 'topologyKey'],
  ['ownerReferences', 'uid'],
  ['conditions', 'type'],
  ['secrets', 'name'],
]);

/** How server-side apply tells items apart; more precise than a strategic merge where two members do it. */
const LIST_MAP_KEYS = new Map<string, readonly string[]>([
  ...[...MERGE_KEYS].map(([name, key]) => [name, [key]] as const),
  ['topologySpreadConstraints', ['topologyKey', 'whenUnsatisfiable']],
]);

/** null: the list is replaced. `path`: of members, the list's own last. */
export function mergeKeyOf(path: readonly string[]): string | null {
  const name = path.at(-1) ?? '';
  if (name === 'ports') return isInContainer(path) ? 'containerPort' : 'port';
  return MERGE_KEYS.get(name) ?? null;
}

/** null: the list has one owner as a whole. */
export function listMapKeysOf(path: readonly string[]): readonly string[] | null {
  const name = path.at(-1) ?? '';
  if (name === 'ports') return isInContainer(path) ? ['containerPort', 'protocol'] : ['port', 'protocol'];
  return LIST_MAP_KEYS.get(name) ?? null;
}

export const isPrimitiveSet = (path: readonly string[]): boolean => path.at(-1) === 'finalizers';

function isInContainer(path: readonly string[]): boolean {
  return path.some((name) => name === 'containers' || name === 'initContainers');
}
