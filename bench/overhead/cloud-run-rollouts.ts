import { CLOUD_RUN_SERVICE as NAME, openCloudRunAgent, seedImage } from '../../simulators/cloud-run-agent.ts';
import { entries, HALF_A_DAY_MS, type Part, type Rollout, type Staged, watchTimes } from './rollout.ts';

/** A second until the revision is there, two until the container answers, two until traffic flows. The image's way differs. */
export const cloudRunRollouts: readonly Rollout[] = [
  {
    title: 'Cloud Run, 30 s',
    ...{ partMs: 25_000, jitterMs: 5_000, isRemembered: true, stage },
  },
  {
    title: 'Cloud Run, 4 min',
    ...{ partMs: 235_000, jitterMs: 20_000, isRemembered: true, stage },
  },
];

/** Without a rollout before, what serves was there at once. */
async function stage(pull: Part): Promise<Staged> {
  const agent = await openCloudRunAgent({ entries });
  const { google, clock } = agent.world;
  if (pull.beforeMs !== null) {
    google.setService(NAME, { pullMs: pull.beforeMs });
    google.foreignDeploy(NAME, seedImage(agent.world, 'before'));
    await clock.advance(HALF_A_DAY_MS);
  }
  google.setService(NAME, { pullMs: pull.ms });
  const isBusy = (): boolean => {
    const { generation, settledGeneration } = google.look(NAME);
    return settledGeneration !== generation;
  };
  return { agent, update: 'run:UpdateService', times: watchTimes(agent, isBusy) };
}
