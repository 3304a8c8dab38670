import path from 'node:path';
import type { Entries } from '../simulators/agent.ts';
import { openAgentService } from '../simulators/agent-service.ts';
import { openCloudRunAgent } from '../simulators/cloud-run-agent.ts';
import { openContainerAppsAgent } from '../simulators/container-apps-agent.ts';
import { openKubernetesAgent } from '../simulators/kubernetes-agent.ts';
import type { DemoCloud } from './run-stories.ts';
import { blueGreenStories, canaryStories, kubernetesStories, rollingStories } from './stories.ts';

const dist = path.resolve(import.meta.dirname, '../dist');

/** The action as users run it. */
export const entries: Entries = { main: path.join(dist, 'main.js'), post: path.join(dist, 'post.js') };

export const clouds: readonly DemoCloud[] = [
  { name: 'Amazon ECS', open: openAgentService, stories: rollingStories },
  { name: 'Google Cloud Run', open: openCloudRunAgent, stories: canaryStories },
  { name: 'Azure Container Apps', open: openContainerAppsAgent, stories: blueGreenStories },
  { name: 'Kubernetes', open: openKubernetesAgent, stories: kubernetesStories },
];
