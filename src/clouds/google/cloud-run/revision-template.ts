import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject, objectAt, textAt } from '../../../model/json.ts';

/** A template of the service, and the revision that was made of it, where it can be read. */
export interface KnownTemplate {
  readonly template: JsonObject;
  readonly document: JsonObject | null;
}

/**
 * The template of which a revision was made, in the words of `known`. A revision shows what the platform resolved or added
 * (an image's digest, a default), which no user has written: what it has in common with the known revision is therefore
 * taken from that one's template, so that only what really differs between the two does.
 */
export function templateOfRevision(document: JsonObject, known: KnownTemplate): JsonObject {
  const { revision: _, ...template } = known.template;
  const shown = templateMembers(document, template);
  if (known.document === null) return shown;
  const knownShown = templateMembers(known.document, template);
  const written = unresolve(shown, { shown: knownShown, written: template }) as JsonObject;
  return withoutServiceLabels(written, { knownShown, template });
}

// What a revision has of its template: https://cloud.google.com/run/docs/reference/rest/v2/RevisionTemplate
const TEMPLATE_FIELDS = new Set([
  ...['labels', 'annotations', 'scaling', 'vpcAccess', 'timeout', 'serviceAccount', 'containers', 'volumes'],
  ...['executionEnvironment', 'encryptionKey', 'maxInstanceRequestConcurrency', 'serviceMesh', 'sessionAffinity'],
  ...['encryptionKeyRevocationAction', 'encryptionKeyShutdownDuration', 'healthCheckDisabled', 'nodeSelector'],
  ...['gpuZonalRedundancyDisabled', 'client', 'clientVersion'],
]);

/** The API refuses what a template doesn't have, so what is the revision's own is left out. */
export function templateMembers(document: JsonObject, template: JsonObject): JsonObject {
  const members = Object.entries(document).filter(
    ([name]) => TEMPLATE_FIELDS.has(name) || Object.hasOwn(template, name),
  );
  return Object.fromEntries(members);
}

interface Known {
  /** As the known revision shows it, and as its template has it; undefined: not at all. */
  readonly shown: unknown;
  readonly written: unknown;
}

function unresolve(value: unknown, known: Known): unknown {
  if (isDeepStrictEqual(value, known.shown)) return known.written;
  if (Array.isArray(value)) return unresolveList(value, known);
  if (isJsonObject(value)) return unresolveObject(value, known);
  return value;
}

function unresolveObject(value: JsonObject, known: Known): JsonObject {
  const [shown, written] = [known.shown, known.written].map((one) => (isJsonObject(one) ? one : {}));
  const own = Object.entries(value).map(
    ([name, member]) => [name, unresolve(member, { shown: shown![name], written: written![name] })] as const,
  );
  // What the template has and no revision shows is none of their differences.
  const hidden = Object.entries(written!).filter(
    ([name]) => !Object.hasOwn(value, name) && !Object.hasOwn(shown!, name),
  );
  return Object.fromEntries([...hidden, ...own].filter(([, member]) => member !== undefined));
}

/** Containers, variables and volumes have names; a list without names is compared by place, where it has as many. */
function unresolveList(value: readonly unknown[], known: Known): readonly unknown[] {
  const [shown, written] = [known.shown, known.written].map((one) => (Array.isArray(one) ? one : []));
  const isNamed = [...value, ...shown!, ...written!].every((one) => textAt(one, 'name') !== '');
  if (!isNamed && (shown!.length !== value.length || written!.length !== value.length)) return value;
  const find = (list: readonly unknown[], member: unknown, index: number): unknown =>
    isNamed ? list.find((one) => textAt(one, 'name') === textAt(member, 'name')) : list[index];
  return value.map((member, index) => {
    const pair = { shown: find(shown!, member, index), written: find(written!, member, index) };
    return unresolve(member, pair) ?? member;
  });
}

/** A label that the known revision has and its template hasn't is the service's own, which each revision may show. */
function withoutServiceLabels(
  written: JsonObject,
  { knownShown, template }: { readonly knownShown: JsonObject; readonly template: JsonObject },
): JsonObject {
  const [own, other] = [objectAt(template, 'labels'), objectAt(knownShown, 'labels')];
  const kept = Object.entries(objectAt(written, 'labels')).filter(
    ([name]) => Object.hasOwn(own, name) || !Object.hasOwn(other, name),
  );
  const { labels: _, ...rest } = written;
  return kept.length > 0 ? { ...rest, labels: Object.fromEntries(kept) } : rest;
}
