import type { Io } from '../io/io.ts';
import type { InputReader } from '../model/input-reader.ts';

const PLACE = '{tag}';
const SAMPLE = 'tag-of-the-revision';

/**
 * Where a new revision answers, by a name that its platform doesn't give it: `https://{tag}.example.com`, of a load balancer or
 * a private DNS zone. null: where the platform says.
 */
export function readPreviewUrl(reader: InputReader): string | null {
  const text = reader.text('preview-url');
  if (text === '') return null;
  const url = URL.parse(text.replace(PLACE, SAMPLE));
  const isPlain = url?.protocol === 'https:' && !url.username && !url.password && !url.search && !url.hash;
  if (isPlain && url.hostname.includes(SAMPLE) && text.split(PLACE).length === 2) return text.replace(/\/$/, '');
  // What was given isn't repeated: a URL that is not plain can hold a password.
  const expected = `a base URL with ${PLACE} in its host, such as https://${PLACE}.example.com`;
  reader.problem('preview-url', { given: 'something else', expected });
  return null;
}

export function previewAddress(template: string, tag: string): string {
  return template.replace(PLACE, tag);
}

/** GitHub's own runner, which is in no network of the user's; one that the user hosts may be inside. */
export function isOutside({ env }: Pick<Io, 'env'>): boolean {
  return env['RUNNER_ENVIRONMENT'] === 'github-hosted';
}

/** What makes a preview possible that can't be reached. */
export const REACH_PREVIEW =
  'Set `preview-url` to where the new revision answers, such as https://{tag}.example.com, or use a self-hosted runner inside the network';
