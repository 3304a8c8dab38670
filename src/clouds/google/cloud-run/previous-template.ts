import { type JsonObject, listAt, textAt } from '../../../model/json.ts';
import { type KnownTemplate, templateMembers, templateOfRevision } from './revision-template.ts';

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
  const base = revision.isTemplateRevision ? template : templateMembers(revision.document, template);
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

/**
 * As `previousTemplate`, for a change that was not merged into the service's template but into what served: more than what
 * we set is ours then. `ours`: our template, with our revision, where it can be read.
 */
export function previousTemplateBeside(ours: KnownTemplate, { document, images }: PreviousRevision): JsonObject {
  const template = templateOfRevision(document, ours);
  const containers = listAt(template, 'containers').map((container, index) => ({
    ...container,
    image: images?.[index] ?? textAt(container, 'image'),
  }));
  return { ...template, containers };
}
