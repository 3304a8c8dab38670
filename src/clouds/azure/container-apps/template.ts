import { createHash } from 'node:crypto';
import {
  type ContainerLists,
  type ContainerOwner,
  editContainers,
  listLeftBehind,
} from '../../../model/container-edits.ts';
import { canonical, isJsonObject, type JsonObject, listAt, textAt } from '../../../model/json.ts';
import type { EditChange } from '../../../model/workload.ts';

/**
 * The template with our change in it and nothing else touched. Environment and secrets go to the first container of the
 * change, or to the main one where the change names none.
 * @throws DeployError INPUT_INVALID when it is not clear which container is meant
 */
export function editTemplate(template: JsonObject, change: EditChange): JsonObject {
  const { containers, inits } = editContainers(listsOf(template), change, owner);
  return { ...template, containers, ...(inits.length > 0 ? { initContainers: inits } : {}) };
}

/** See `ChangePlan.warnings`. */
export function listWarnings(base: JsonObject, edited: JsonObject): readonly string[] {
  return listLeftBehind(listsOf(base), listsOf(edited));
}

function listsOf(template: JsonObject): ContainerLists {
  return { containers: readContainers(template), inits: readInitContainers(template) };
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
  const undone = { ...template, containers: undoContainers(readContainers(template), readContainers(old)) };
  const inits = readInitContainers(template);
  return inits.length === 0 ? undone : { ...undone, initContainers: undoContainers(inits, readInitContainers(old)) };
}

function undoContainers(present: readonly JsonObject[], old: readonly JsonObject[]): readonly JsonObject[] {
  const previous = new Map(old.map((container) => [textAt(container, 'name'), container]));
  return present.map((container) => {
    const before = previous.get(textAt(container, 'name'));
    if (!before) return container;
    const { image, env } = before;
    return { ...container, image, ...('env' in before || 'env' in container ? { env } : {}) };
  });
}

/**
 * What is sent so that the app's present template becomes this one: a merge patch replaces the containers whole, does not
 * touch what it leaves out, and removes what it has as null (RFC 7396).
 */
export function toPatch(present: JsonObject, template: JsonObject, revisionSuffix: string): JsonObject {
  const { revisionSuffix: _, containers, ...rest } = template;
  const { revisionSuffix: __, containers: ___, ...presentRest } = present;
  return { ...patchMembers(presentRest, rest), revisionSuffix, containers: withoutUnset(containers) };
}

function patchMembers(present: JsonObject, desired: JsonObject): JsonObject {
  const names = new Set([...Object.keys(present), ...Object.keys(desired)]);
  const changed = [...names].filter((name) => !isSameValue(present[name], desired[name]));
  return Object.fromEntries(changed.map((name) => [name, patchMember(present[name], desired[name])]));
}

function patchMember(present: unknown, desired: unknown): unknown {
  if (isNothing(desired)) return null;
  return isJsonObject(present) && isJsonObject(desired) ? patchMembers(present, desired) : withoutUnset(desired);
}

/** The same for templates that differ in nothing but the revision's name, and in how "nothing" is written. */
export function hashTemplate(template: JsonObject): string {
  const { revisionSuffix: _, ...rest } = template;
  return createHash('sha256').update(canonicalOf(rest)).digest('hex').slice(0, 32);
}

export function isSameTemplate(one: JsonObject, other: JsonObject): boolean {
  return hashTemplate(one) === hashTemplate(other);
}

/** However "nothing" is written in them. */
export function isSameValue(one: unknown, other: unknown): boolean {
  return (isNothing(one) && isNothing(other)) || canonicalOf(one) === canonicalOf(other);
}

function canonicalOf(value: unknown): string {
  return canonical(dropMembers(value, isNothing));
}

export function readContainers(template: JsonObject): readonly JsonObject[] {
  return listAt(template, 'containers');
}

export function readInitContainers(template: JsonObject): readonly JsonObject[] {
  return listAt(template, 'initContainers');
}

/** Values of variables, which a validation message of Azure may quote. */
export function listSecretValues(template: JsonObject): readonly string[] {
  return [...readContainers(template), ...readInitContainers(template)].flatMap((container) =>
    listAt(container, 'env').map((variable) => textAt(variable, 'value')),
  );
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
