import { blueGreenStories, canaryStories, kubernetesStories, rollingStories, type Story } from '../demo/stories.ts';
import type { Agent, Entries } from '../simulators/agent.ts';
import { openAgentService } from '../simulators/agent-service.ts';
import { CLOUD_RUN_SERVICE, openCloudRunAgent, seedImage } from '../simulators/cloud-run-agent.ts';
import { openContainerAppsAgent } from '../simulators/container-apps-agent.ts';
import { openKubernetesAgent } from '../simulators/kubernetes-agent.ts';

export interface Picture {
  /** Of the file, without theme and extension. */
  readonly name: string;
  readonly open: (options: { entries: Entries }) => Promise<Agent>;
  /** What is deployed, in the usual way, and with which inputs. */
  readonly story: Pick<Story, 'tag' | 'behaviour' | 'inputs' | 'cancelAfterMs'>;
  /** Deployed before it, so that there is a previous version with a name of its own. */
  readonly after?: Picture['story'];
  /** What somebody else does meanwhile. */
  readonly meanwhile?: (agent: Agent) => void;
  readonly outcome: string;
}

const [deployed, , crashLoop, cancelled] = rollingStories as [Story, Story, Story, Story];
const [canary] = canaryStories as [Story];
const [, failedSmokeTest] = blueGreenStories as [Story, Story];
const [, crashingPods] = kubernetesStories as [Story, Story];

export const pictures: readonly Picture[] = [
  { name: 'deployed', open: openAgentService, story: deployed, outcome: 'deployed' },
  { name: 'canary', open: openCloudRunAgent, story: canary, outcome: 'deployed' },
  {
    name: 'rolled-back-smoke-test',
    open: openContainerAppsAgent,
    story: failedSmokeTest,
    after: blueGreenStories[0]!,
    outcome: 'rolled-back',
  },
  { name: 'rolled-back-crash-loop', open: openAgentService, story: crashLoop, after: deployed, outcome: 'rolled-back' },
  {
    name: 'rolled-back-kubernetes',
    open: openKubernetesAgent,
    story: crashingPods,
    after: kubernetesStories[0]!,
    outcome: 'rolled-back',
  },
  {
    name: 'refused',
    open: openCloudRunAgent,
    story: { ...canary, inputs: { ...canary.inputs, service: 'agnet', timeout: '5 minutes' } },
    outcome: 'refused',
  },
  {
    name: 'superseded',
    open: openCloudRunAgent,
    story: canary,
    meanwhile: deploySomethingElse,
    outcome: 'superseded',
  },
  { name: 'cancelled', open: openAgentService, story: cancelled, after: deployed, outcome: 'rolled-back' },
  {
    name: 'plan',
    open: openCloudRunAgent,
    story: {
      ...canary,
      inputs: {
        ...canary.inputs,
        mode: 'plan',
        'environment-variables': 'LOG_LEVEL: debug',
        secrets: 'TOKEN: agent-token',
      },
    },
    outcome: 'planned',
  },
];

/** A colleague deploys from the console while the canary is analyzed. */
function deploySomethingElse({ world }: Agent): void {
  let seen = 0;
  const image = seedImage(world, 'v3');
  world.edge.onCall(({ operation }, moment) => {
    if (operation === 'workload:GET /health' && moment === 'after' && ++seen === 4) {
      world.google.foreignDeploy(CLOUD_RUN_SERVICE, image);
    }
    return undefined;
  });
}
