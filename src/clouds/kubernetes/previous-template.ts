import { DeployError } from '../../model/errors.ts';
import { type JsonObject, listAt, objectAt, textAt } from '../../model/json.ts';
import type { ClusterWorkload } from './cluster-workload.ts';
import { readHistory, readKept } from './history.ts';
import type { RestoreData } from './restore-data.ts';
import type { Restoring } from './restore-facts.ts';
import { hashTemplate, keptTemplate, templateOf } from './template-hash.ts';

/**
 * The template to restore: by the name of what keeps it; where that is gone, any that keeps an equal one, or ours with the
 * previous images. The hash says that it is the very same.
 * @throws DeployError NOT_FOUND
 */
export async function readPreviousTemplate(
  run: ClusterWorkload,
  object: JsonObject,
  { data }: Pick<Restoring, 'data'>,
): Promise<JsonObject> {
  const { name, hash } = data.previous;
  const kept = await readKept(run, name);
  if (kept?.hash === hash) return keptTemplate(kept.object);
  const equal = (await readHistory(run, object)).find((one) => one.hash === hash);
  if (equal) return keptTemplate(equal.object);
  // A history limit of 0 takes the previous template away at the very end of a rollout.
  const rebuilt = withImages(templateOf(object), data);
  if (hashTemplate(rebuilt) === hash) return rebuilt;
  throw new DeployError('NOT_FOUND', `could not restore ${run.resource}: ${name}, which kept its template, is gone`, {
    hint: 'Deploy the previous image by hand.',
  });
}

function withImages(template: JsonObject, { images }: RestoreData): JsonObject {
  const spec = objectAt(template, 'spec');
  const lists = ['initContainers', 'containers'].filter((list) => Array.isArray(spec[list]));
  const restored = lists.map((list) => {
    const containers = listAt(spec, list).map((container) => {
      const previous = images.find(({ name }) => name === textAt(container, 'name'));
      return previous ? { ...container, image: previous.image } : container;
    });
    return [list, containers] as const;
  });
  return { ...template, spec: { ...spec, ...Object.fromEntries(restored) } };
}
