import { DeployError } from '../../model/errors.ts';
import type { JsonObject } from '../../model/json.ts';

const REFERENCE =
  /^(?<kind>secret|configmap)\/(?<name>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)\/(?<key>[A-Za-z0-9._-]{1,253})$/;

/**
 * `secret/NAME/KEY` or `configmap/NAME/KEY` -> what a variable takes as `valueFrom`.
 * @throws DeployError INPUT_INVALID that does not repeat the reference: it may be a secret that was pasted by mistake
 */
export function parseConfigReference(reference: string): JsonObject {
  const { kind, name, key } = REFERENCE.exec(reference)?.groups ?? {};
  if (kind !== undefined) return { [kind === 'secret' ? 'secretKeyRef' : 'configMapKeyRef']: { name, key } };
  throw new DeployError(
    'INPUT_INVALID',
    'could not read the input `secrets`: one of its values is no reference to a Secret or ConfigMap',
    { hint: 'Write secret/NAME/KEY or configmap/NAME/KEY, such as secret/openai/api-key.' },
  );
}
