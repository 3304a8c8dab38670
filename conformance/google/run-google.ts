import path from 'node:path';
import { openWorld } from '../../simulators/world.ts';
import { actionEntries } from '../action-entries.ts';
import { findReferees, withReferee } from '../referees.ts';
import type { Tally } from '../tally.ts';
import { actionStories, playActionStory } from './action-stories.ts';
import type { GoogleExchange } from './exchanges.ts';
import { checkWithGcloud } from './gcloud.ts';
import { playRunStories } from './play.ts';
import { checkWithProtos } from './protos.ts';

/** Checks the simulated Google Cloud with Google's own schema and with gcloud. */
export async function runGoogle(tally: Tally, directory: string): Promise<void> {
  const exchanges: GoogleExchange[] = [];
  await tally.check('the client library of Cloud Run runs through the life of a service, over REST', async () => {
    await playRunStories(path.join(directory, 'google'), exchanges);
    return `${exchanges.length} exchanges`;
  });
  await tally.check(
    `${actionStories.length} runs of the action on Cloud Run end as expected, and are recorded`,
    async () => {
      const before = exchanges.length;
      const wrong: string[] = [];
      for (const story of actionStories) {
        await playActionStory(story, actionEntries(), exchanges).catch((error: unknown) => wrong.push(String(error)));
      }
      if (wrong.length > 0) throw new Error(wrong.join('\n'));
      return `${exchanges.length - before} exchanges`;
    },
  );
  const { google, close } = await openWorld();
  await close();
  await checkWithProtos(
    tally,
    exchanges,
    google.operations.map((name) => name.replace('run:', '')),
  );
  const { gcloud } = findReferees();
  // Nothing installs it for us: hosted runners have it, other machines need not.
  if (gcloud === null) return tally.skip('gcloud', 'it is not installed');
  await withReferee(tally, 'gcloud', {
    programs: [gcloud],
    body: (program) => checkWithGcloud({ program, tally, directory: path.join(directory, 'gcloud') }),
  });
}
