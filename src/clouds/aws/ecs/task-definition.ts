import { type ContainerOwner, editContainers, listLeftBehind } from '../../../model/container-edits.ts';
import { DeployError } from '../../../model/errors.ts';
import { type JsonObject, listAt } from '../../../model/json.ts';
import type { EditChange } from '../../../model/workload.ts';
import { listOtherLogins, withoutOtherLogin } from './registry-login.ts';

// What DescribeTaskDefinition answers and RegisterTaskDefinition does not take: the difference of the two shapes.
const READ_ONLY = new Set([
  'taskDefinitionArn',
  'revision',
  'status',
  'requiresAttributes',
  'compatibilities',
  'registeredAt',
  'deregisteredAt',
  'deleteRequestedAt',
  'registeredBy',
]);

/** What was described -> what can be registered. Everything else stays, known or not. */
export function toDocument(described: {
  readonly taskDefinition: JsonObject;
  readonly tags?: readonly JsonObject[];
}): JsonObject {
  const kept = Object.entries(described.taskDefinition)
    .filter(([name]) => !READ_ONLY.has(name))
    .map(([name, value]) => [name, withoutNullItems(value)]);
  const { tags = [] } = described;
  // An empty list is refused: "Tags can not be empty" (kayac/ecspresso#296).
  return { ...Object.fromEntries(kept), ...(tags.length > 0 ? { tags } : {}) };
}

/** A null in a list stands for nothing, and is refused (aws-actions/amazon-ecs-deploy-task-definition#63). */
function withoutNullItems(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== null).map(withoutNullItems);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutNullItems(member)]));
}

/**
 * The document with our change in it and nothing else touched. Environment and secrets go to the first container of the
 * change, or to the main one where the change names none.
 * @throws DeployError INPUT_INVALID when a container cannot be told.
 */
export function editDocument(document: JsonObject, change: EditChange): JsonObject {
  refuseNamesInBoth(change);
  const live = readContainers(document);
  const { containers } = editContainers({ containers: live, inits: [] }, change, owner);
  const edited = containers.map((container, index) => withoutOtherLogin(live[index]!, container));
  return { ...document, containerDefinitions: edited };
}

/** See `ChangePlan.warnings`. */
export function listWarnings(base: JsonObject, edited: JsonObject): readonly string[] {
  const listsOf = (document: JsonObject) => ({ containers: readContainers(document), inits: [] });
  return [
    ...listLeftBehind(listsOf(base), listsOf(edited)),
    ...listOtherLogins(readContainers(base), readContainers(edited)),
  ];
}

const owner: ContainerOwner = {
  called: 'the task definition',
  // AWS takes a container without the field for essential.
  isMain: (container) => container['essential'] !== false,
  configure,
};

function refuseNamesInBoth(change: EditChange): void {
  const name = [...change.environment.keys()].find((key) => change.secrets.has(key));
  if (name === undefined) return;
  throw new DeployError('INPUT_INVALID', `could not set ${name}: it is an environment variable and a secret at once`, {
    hint: `Remove ${name} from one of the two inputs.`,
  });
}

export function readContainers(document: JsonObject): readonly JsonObject[] {
  return listAt(document, 'containerDefinitions');
}

function configure(container: JsonObject, change: EditChange): JsonObject {
  const environment = merge(container['environment'], { key: 'value', set: change.environment, drop: change.secrets });
  const secrets = merge(container['secrets'], { key: 'valueFrom', set: change.secrets, drop: change.environment });
  return { ...container, ...(environment ? { environment } : {}), ...(secrets ? { secrets } : {}) };
}

interface Merge {
  readonly key: 'value' | 'valueFrom';
  readonly set: ReadonlyMap<string, string>;
  /** A name may be in one of the two lists only: what moves to the other leaves this one. */
  readonly drop: ReadonlyMap<string, string>;
}

/** null: there was no list and there is nothing for one. */
function merge(list: unknown, { key, set, drop }: Merge): readonly JsonObject[] | null {
  const old = Array.isArray(list) ? (list as JsonObject[]) : null;
  const kept = (old ?? []).filter((entry) => !drop.has(String(entry['name'])));
  const names = new Set(kept.map((entry) => String(entry['name'])));
  const updated = kept.map((entry) => {
    const value = set.get(String(entry['name']));
    return value === undefined ? entry : { ...entry, [key]: value };
  });
  const added = [...set].filter(([name]) => !names.has(name)).map(([name, value]) => ({ name, [key]: value }));
  return old || added.length > 0 ? [...updated, ...added] : null;
}
