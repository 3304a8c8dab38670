import { type JsonObject, listAt, textAt } from '../../../model/json.ts';

export interface OldRevision {
  /** The revision's document, as it is on the wire. */
  readonly document: JsonObject;
  /** Images of its containers as the template named them; null: as the revision does. */
  readonly images: readonly string[] | null;
  /** Is it what the template stood for before us? Then everything but what we own is already the same. */
  readonly isTemplates: boolean;
}

/**
 * The template with what we own (images, variables and references to secrets) as the old revision has it. Whatever else
 * the template holds, unknown fields included, was never touched by us and stays as it is.
 */
export function templateBefore(template: JsonObject, old: OldRevision): JsonObject {
  const base = old.isTemplates ? template : fromRevision(old.document, template);
  const known = listAt(old.document, 'containers');
  const containers = listAt(base, 'containers').map((container, index) => {
    const was = known.find((one) => textAt(one, 'name') !== '' && textAt(one, 'name') === textAt(container, 'name'));
    return withOwnBefore(container, was ?? known[index] ?? container, old.images?.[index]);
  });
  return { ...base, containers };
}

function withOwnBefore(container: JsonObject, was: JsonObject, image: string | undefined): JsonObject {
  const { env: _, ...rest } = container;
  return { ...rest, image: image ?? textAt(was, 'image'), ...('env' in was ? { env: was['env'] } : {}) };
}

// https://cloud.google.com/run/docs/reference/rest/v2/RevisionTemplate: what a revision has of its template.
const TEMPLATE_FIELDS = new Set([
  ...['labels', 'annotations', 'scaling', 'vpcAccess', 'timeout', 'serviceAccount', 'containers', 'volumes'],
  ...['executionEnvironment', 'encryptionKey', 'maxInstanceRequestConcurrency', 'serviceMesh', 'sessionAffinity'],
  ...['encryptionKeyRevocationAction', 'encryptionKeyShutdownDuration', 'healthCheckDisabled', 'nodeSelector'],
  ...['gpuZonalRedundancyDisabled', 'client', 'clientVersion'],
]);

/** The API refuses what a template doesn't have, so what is the revision's own is left out. */
function fromRevision(document: JsonObject, template: JsonObject): JsonObject {
  const fields = Object.entries(document).filter(
    ([name]) => TEMPLATE_FIELDS.has(name) || Object.hasOwn(template, name),
  );
  return Object.fromEntries(fields);
}
