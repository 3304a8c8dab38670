import { type AnswerRow, answerWith } from '../../../conformance/registry-answers/answer-with.ts';
import { buildImage, type OciImage } from '../../../simulators/images.ts';
import { DeployError } from '../../../src/model/errors.ts';
import { copy, held, openRegistry } from './copy-world.ts';
import { openClient } from './world.ts';

const options = { seed: 'answers', behaviour: { version: 'v1' }, layers: 2 };
const small = buildImage({ ...options, layerBytes: 3_000 });
const large = buildImage({ ...options, layerBytes: 6_000_000 });

function imageFor({ rules }: Pick<AnswerRow, 'rules'>): OciImage {
  return rules.some(({ early }) => early) ? large : small;
}

/** A source with the image and a destination, which answer as the row says. */
export async function givenAnswers({ way, rules }: Pick<AnswerRow, 'way' | 'rules'>) {
  const image = imageFor({ rules });
  const source = await openRegistry();
  const destination = way === 'mount' ? source : await openRegistry();
  source.registry.seed('acme/agent', 'v1', image);
  const isAt = (at: string) => rules.filter((rule) => rule.at === at);
  source.served.intercept = answerWith(isAt('source'), source.served.registry);
  if (rules.some(({ at }) => at === 'destination')) {
    destination.served.intercept = answerWith(isAt('destination'), destination.served.registry);
  }
  return { image, source, destination };
}

/** Is the whole image at the destination? */
export function isArrived({ image, source, destination }: Awaited<ReturnType<typeof givenAnswers>>): boolean {
  const there = held(destination);
  const here = held(source, 'acme/agent');
  return there?.tags['v1'] === image.digest && JSON.stringify(there.blobs) === JSON.stringify(here?.blobs);
}

/** What our copy makes of it: `copied`, or the code of its error and why. */
export async function playOurs(row: Pick<AnswerRow, 'way' | 'rules'>): Promise<string> {
  const pair = await givenAnswers(row);
  try {
    await copy(openClient(), pair.image, { from: pair.source.served, to: pair.destination.served });
    return isArrived(pair) ? 'copied' : 'it said so, but nothing was copied';
  } catch (error) {
    if (!(error instanceof DeployError)) throw error;
    return `${error.code}: ${whyOf(error.message)}`;
  }
}

/** Without what was tried, and what differs from run to run. */
function whyOf(message: string): string {
  const same = message.replaceAll(/127\.0\.0\.1:\d+/g, 'HOST').replaceAll(/sha256:[0-9a-f]{64}/g, 'DIGEST');
  return same.slice(same.indexOf(': ') + 2);
}
