import { type AnswerRow, answerWith } from '../../../conformance/registry-answers/answer-with.ts';
import { buildImage } from '../../../simulators/images.ts';
import { DeployError } from '../../../src/model/errors.ts';
import { copy, held, openRegistry } from './copy-world.ts';
import { openClient } from './world.ts';

export const answeredImage = buildImage({
  seed: 'answers',
  behaviour: { version: 'v1' },
  layers: 2,
  layerBytes: 3_000,
});

/** A source with the image and a destination, which answer as the row says. */
export async function givenAnswers({ way, rules }: Pick<AnswerRow, 'way' | 'rules'>) {
  const source = await openRegistry();
  const destination = way === 'mount' ? source : await openRegistry();
  source.registry.seed('acme/agent', 'v1', answeredImage);
  const isAt = (at: string) => rules.filter((rule) => rule.at === at);
  source.served.intercept = answerWith(isAt('source'), source.served.registry);
  if (rules.some(({ at }) => at === 'destination')) {
    destination.served.intercept = answerWith(isAt('destination'), destination.served.registry);
  }
  return { source, destination };
}

/** Is the whole image at the destination? */
export function isArrived({ source, destination }: Awaited<ReturnType<typeof givenAnswers>>): boolean {
  const there = held(destination);
  const here = held(source, 'acme/agent');
  return there?.tags['v1'] === answeredImage.digest && JSON.stringify(there.blobs) === JSON.stringify(here?.blobs);
}

/** What our copy makes of it: `copied`, or the code of its error and why. */
export async function playOurs(row: Pick<AnswerRow, 'way' | 'rules'>): Promise<string> {
  const pair = await givenAnswers(row);
  try {
    await copy(openClient(), answeredImage, { from: pair.source.served, to: pair.destination.served });
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
