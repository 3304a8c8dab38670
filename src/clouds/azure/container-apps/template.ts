import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type ContainerOwner, editContainers } from '../../../model/container-edits.ts';
import { canonical, isJsonObject, type JsonObject, listAt, textAt } from '../../../model/json.ts';
import type { EditChange } from '../../../model/workload.ts';

/**
 * The template with our change in it and nothing else touched. Environment and secrets go to the first container of the
 * change, or to the main one where the change names none.
 * @throws DeployError INPUT_INVALID when it is not clear which container is meant
 */
export function editTemplate(template: JsonObject, change: EditChange): JsonObject {
  return { ...template, containers: editContainers(readContainers(template), change, owner) };
}

const owner: ContainerOwner = {
  called: 'the app',
  configure: (container, change) => ({ ...container, env: mergeVariables(container['env'], change) }),
};

/**
 * The present template with images and variables of the containers as an old revision has them. Everything else stays,
 * known or not: nothing else of it was ours.
 */
export function undoTemplate(template: JsonObject, old: JsonObject): JsonObject {
  const previous = new Map(readContainers(old).map((container) => [textAt(container, 'name'), container]));
  const containers = readContainers(template).map((container) => {
    const { image, env } = previous.get(textAt(container, 'name')) ?? container;
    return { ...container, image, env };
  });
  return { ...template, containers };
}

/** What is sent of a template: a merge patch replaces the containers whole and does not touch what it leaves out. */
export function toPatch(template: JsonObject, revisionSuffix: string): JsonObject {
  return { revisionSuffix, containers: withoutUnset(template['containers']) };
}

/** The same for templates that differ in nothing but the revision's name, and in how "nothing" is written. */
export function hashTemplate(template: JsonObject): string {
  const { revisionSuffix: _, ...rest } = template;
  return createHash('sha256')
    .update(canonical(dropMembers(rest, isNothing)))
    .digest('hex')
    .slice(0, 32);
}

export function isSameTemplate(one: JsonObject, other: JsonObject): boolean {
  return hashTemplate(one) === hashTemplate(other);
}

export function readContainers(template: JsonObject): readonly JsonObject[] {
  return listAt(template, 'containers');
}

/** Values of variables, which a validation message of Azure may quote. */
export function listSecretValues(template: JsonObject): readonly string[] {
  return readContainers(template).flatMap((container) =>
    listAt(container, 'env').map((variable) => textAt(variable, 'value')),
  );
}

/** One line for each difference that our change makes. Images are shown; of everything else only the name. */
export function listDifferences(present: JsonObject, edited: JsonObject): readonly string[] {
  const old = new Map(readContainers(present).map((container) => [textAt(container, 'name'), container]));
  return readContainers(edited).flatMap((container) => {
    const name = textAt(container, 'name');
    return listChanges(old.get(name) ?? {}, container).map((line) => `container ${name}: ${line}`);
  });
}

function listChanges(present: JsonObject, edited: JsonObject): readonly string[] {
  const image = present['image'] === edited['image'] ? [] : [`image ${present['image']} -> ${edited['image']}`];
  const old = new Map(listAt(present, 'env').map((variable) => [textAt(variable, 'name'), variable]));
  const variables = listAt(edited, 'env').flatMap((variable) => {
    const name = textAt(variable, 'name');
    const kind = textAt(variable, 'secretRef') === '' ? 'environment variable' : 'secret';
    if (!old.has(name)) return [`${kind} ${name} added`];
    return isDeepStrictEqual(old.get(name), variable) ? [] : [`${kind} ${name} changed`];
  });
  return [...image, ...variables];
}

/** An entry holds a value or the name of a secret: what moves from one to the other loses the first. */
function mergeVariables(list: unknown, { environment, secrets }: EditChange): readonly JsonObject[] {
  const old = Array.isArray(list) ? (list as JsonObject[]) : [];
  const set = new Map<string, JsonObject>([
    ...[...environment].map(([name, value]) => [name, { value }] as const),
    ...[...secrets].map(([name, secretRef]) => [name, { secretRef }] as const),
  ]);
  const updated = old.map((entry) => {
    const { value: _, secretRef: __, ...rest } = entry;
    const given = set.get(textAt(entry, 'name'));
    return given ? { ...rest, ...given } : entry;
  });
  const names = new Set(old.map((entry) => textAt(entry, 'name')));
  const added = [...set].filter(([name]) => !names.has(name)).map(([name, given]) => ({ name, ...given }));
  return [...updated, ...added];
}

/** What Azure shows as null was never set. An array is sent whole, so a null would be set by it. */
function withoutUnset(value: unknown): unknown {
  return dropMembers(value, isNull);
}

/** Azure says "nothing" as null, as [], as '' or not at all. */
function isNothing(value: unknown): boolean {
  return isNull(value) || value === '' || (Array.isArray(value) && value.length === 0);
}

function isNull(value: unknown): boolean {
  return value === null || value === undefined;
}

function dropMembers(value: unknown, isDropped: (member: unknown) => boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => dropMembers(item, isDropped));
  if (!isJsonObject(value)) return value;
  const kept = Object.entries(value).filter(([, member]) => !isDropped(member));
  return Object.fromEntries(kept.map(([name, member]) => [name, dropMembers(member, isDropped)]));
}
