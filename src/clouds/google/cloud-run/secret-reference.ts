import { DeployError } from '../../../model/errors.ts';
import type { JsonObject } from '../../../model/json.ts';

const NAME = /^(?<secret>[A-Za-z0-9_-]{1,255})(?::(?<version>latest|[0-9]{1,18}|[A-Za-z][A-Za-z0-9_-]{0,62}))?$/;
const FULL =
  /^(?<secret>projects\/[a-z0-9:.-]+\/secrets\/[A-Za-z0-9_-]{1,255})(?:\/versions\/(?<version>latest|[0-9]{1,18}|[A-Za-z][A-Za-z0-9_-]{0,62}))?$/;

/**
 * `name`, `name:version` or `projects/p/secrets/name[/versions/version]` -> what a template takes. Without a version it
 * is `latest`, which Cloud Run reads when an instance starts.
 * https://cloud.google.com/run/docs/configuring/services/secrets
 * @throws DeployError INPUT_INVALID that does not repeat the reference: it may be a secret that was pasted by mistake
 */
export function parseSecretReference(reference: string): JsonObject {
  const { secret, version = 'latest' } = (NAME.exec(reference) ?? FULL.exec(reference))?.groups ?? {};
  if (secret !== undefined) return { secret, version };
  throw new DeployError(
    'INPUT_INVALID',
    'could not read the input `secrets`: one of its values is no reference to a secret',
    {
      hint: 'Write the name in Secret Manager, such as openai-api-key or openai-api-key:3, or projects/PROJECT/secrets/NAME for one of another project.',
    },
  );
}
