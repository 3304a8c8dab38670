import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type ContainerOwner, editContainers } from '../../../model/container-edits.ts';
import type { Change } from '../../../model/workload.ts';
import { type Json, objectsAt, textAt } from '../json.ts';

/**
 * The template with our change in it and nothing else touched. Environment and secrets go to the first container of the
 * change, or to the main one where the change names none.
 * @throws DeployError INPUT_INVALID when a container cannot be told.
 */
export function editTemplate(template: Json, change: Change): Json {
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
export function undoTemplate(template: Json, old: Json): Json {
  const before = new Map(readContainers(old).map((container) => [textAt(container, 'name'), container]));
  const containers = readContainers(template).map((container) => {
    const { image, env } = before.get(textAt(container, 'name')) ?? container;
    return { ...container, image, env };
  });
  return { ...template, containers };
}

/** What is sent of a template: a merge patch replaces the containers whole and leaves alone what is not mentioned. */
export function toPatch(template: Json, revisionSuffix: string): Json {
  return { revisionSuffix, containers: withoutUnset(template['containers']) };
}

/** The same for templates that differ in nothing but the revision's name, and in how "nothing" is written. */
export function hashTemplate(template: Json): string {
  const { revisionSuffix: _, ...rest } = template;
  return createHash('sha256')
    .update(JSON.stringify(canonical(rest)))
    .digest('hex')
    .slice(0, 32);
}

export function isSameTemplate(one: Json, other: Json): boolean {
  return hashTemplate(one) === hashTemplate(other);
}

export function readContainers(template: Json): readonly Json[] {
  return objectsAt(template, 'containers');
}

/** Values of variables, which a validation message of Azure may quote. */
export function listSecretValues(template: Json): readonly string[] {
  return readContainers(template).flatMap((container) =>
    objectsAt(container, 'env').map((variable) => textAt(variable, 'value')),
  );
}

/** One line for each difference that our change makes. Images are shown; of everything else only the name. */
export function listDifferences(before: Json, after: Json): readonly string[] {
  const old = new Map(readContainers(before).map((container) => [textAt(container, 'name'), container]));
  return readContainers(after).flatMap((container) => {
    const name = textAt(container, 'name');
    return listChanges(old.get(name) ?? {}, container).map((line) => `container ${name}: ${line}`);
  });
}

function listChanges(before: Json, after: Json): readonly string[] {
  const image = before['image'] === after['image'] ? [] : [`image ${before['image']} -> ${after['image']}`];
  const old = new Map(objectsAt(before, 'env').map((variable) => [textAt(variable, 'name'), variable]));
  const variables = objectsAt(after, 'env').flatMap((variable) => {
    const name = textAt(variable, 'name');
    const kind = textAt(variable, 'secretRef') === '' ? 'environment variable' : 'secret';
    if (!old.has(name)) return [`${kind} ${name} added`];
    return isDeepStrictEqual(old.get(name), variable) ? [] : [`${kind} ${name} changed`];
  });
  return [...image, ...variables];
}

/** An entry holds a value or the name of a secret: what moves from one to the other loses the first. */
function mergeVariables(list: unknown, { environment, secrets }: Change): readonly Json[] {
  const old = Array.isArray(list) ? (list as Json[]) : [];
  const set = new Map<string, Json>([
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

/** What Azure shows as null was never set; an array is sent whole, so nothing that is left out stays behind. */
function withoutUnset(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnset);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutUnset(member)]));
}

/** Sorted names; null, [] and '' are the same as not being there. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => !isUnset(member));
  return Object.fromEntries(
    members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, canonical(member)]),
  );
}

function isUnset(value: unknown): boolean {
  return value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}
