import { type JsonObject, listAt, textAt } from '../../../model/json.ts';

interface PreviousRevision {
  /** The revision's document, as it is on the wire. */
  readonly document: JsonObject;
  /** Images of its containers as the template named them; null: as the revision does. */
  readonly images: readonly string[] | null;
  /** Was it made from the template that the service had at capture? Then only what we set differs. */
  readonly isTemplateRevision: boolean;
}

/**
 * The template with what we set (images, variables and references to secrets) as the previous revision has it. Whatever
 * else the template holds, unknown fields included, was never touched by us and stays as it is.
 */
export function previousTemplate(template: JsonObject, revision: PreviousRevision): JsonObject {
  const base = revision.isTemplateRevision ? template : fromRevision(revision.document, template);
  const known = listAt(revision.document, 'containers');
  const containers = listAt(base, 'containers').map((container, index) => {
    const previous = known.find(
      (one) => textAt(one, 'name') !== '' && textAt(one, 'name') === textAt(container, 'name'),
    );
    return withPreviousSettings(container, previous ?? known[index] ?? container, revision.images?.[index]);
  });
  return { ...base, containers };
}

function withPreviousSettings(container: JsonObject, previous: JsonObject, image: string | undefined): JsonObject {
  const { env: _, ...rest } = container;
  return { ...rest, image: image ?? textAt(previous, 'image'), ...('env' in previous ? { env: previous['env'] } : {}) };
}

// What a revision has of its template: https://cloud.google.com/run/docs/reference/rest/v2/RevisionTemplate
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
