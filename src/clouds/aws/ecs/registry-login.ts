import { parseImageName } from '../../../model/image.ts';
import { type JsonObject, textAt } from '../../../model/json.ts';
import { isEcr } from '../ecr-host.ts';

/**
 * The container without `repositoryCredentials`, where its image moves to ECR: ECS would send the login of the other registry
 * there, in the place of the execution role's, and each pull would be refused.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/private-auth.html
 */
export function withoutOtherLogin(live: JsonObject, edited: JsonObject): JsonObject {
  if (live['image'] === edited['image'] || !isEcr(registryOf(edited) ?? '')) return edited;
  const { repositoryCredentials: _, ...rest } = edited;
  return rest;
}

/** Warnings of a login that stays although the image moves to another registry: nothing says whose it is. */
export function listOtherLogins(live: readonly JsonObject[], edited: readonly JsonObject[]): readonly string[] {
  return edited.flatMap((container, index) => {
    if (!('repositoryCredentials' in container)) return [];
    const [from, to] = [registryOf(live[index] ?? container), registryOf(container)];
    if (from === null || to === null || from === to) return [];
    return [
      `container ${textAt(container, 'name')} keeps its repositoryCredentials, and its image moves from ${from} to ${to}: the secret has to hold a login for ${to}.`,
    ];
  });
}

/** null: its image can't be read. */
function registryOf(container: JsonObject): string | null {
  try {
    return parseImageName(textAt(container, 'image')).registry;
  } catch {
    return null;
  }
}
