import { APP, openContainerAppsAgent } from '../../simulators/container-apps-agent.ts';
import { entries, type Part, type Rollout, type Staged, watchTimes } from './rollout.ts';

/** Two seconds from the start of the container until it answers. The image's way differs. */
export const containerAppsRollouts: readonly Rollout[] = [
  {
    title: 'Container Apps, 30 s',
    ...{ partMs: 28_000, jitterMs: 5_000, isRemembered: false, stage },
  },
  {
    title: 'Container Apps, 5 min',
    ...{ partMs: 298_000, jitterMs: 20_000, isRemembered: false, stage },
  },
];

async function stage(pull: Part): Promise<Staged> {
  const agent = await openContainerAppsAgent({ entries });
  const { azure } = agent.world;
  azure.setApp(APP, { pullMs: pull.ms });
  const isBusy = (): boolean => {
    const { provisioningState, revisions } = azure.findApp(APP);
    return provisioningState === 'InProgress' || !revisions.at(-1)!.wasReady;
  };
  return { agent, update: 'arm:ContainerApps_Update', times: watchTimes(agent, isBusy) };
}
