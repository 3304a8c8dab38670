import path from 'node:path';
import { parseArgs } from 'node:util';
import { openAgentService } from '../simulators/agent-service.ts';
import { openCloudRunAgent } from '../simulators/cloud-run-agent.ts';
import { openContainerAppsAgent } from '../simulators/container-apps-agent.ts';
import { openKubernetesAgent } from '../simulators/kubernetes-agent.ts';
import { openBriefView } from './brief-view.ts';
import { type DemoCloud, runStories } from './run-stories.ts';
import { blueGreenStories, canaryStories, kubernetesStories, rollingStories } from './stories.ts';
import { openVerboseView } from './verbose-view.ts';
import type { Terminal } from './view.ts';

const dist = path.resolve(import.meta.dirname, '../dist');
const entries = { main: path.join(dist, 'main.js'), post: path.join(dist, 'post.js') };

const clouds: readonly DemoCloud[] = [
  { name: 'Amazon ECS', open: openAgentService, stories: rollingStories },
  { name: 'Google Cloud Run', open: openCloudRunAgent, stories: canaryStories },
  { name: 'Azure Container Apps', open: openContainerAppsAgent, stories: blueGreenStories },
  { name: 'Kubernetes', open: openKubernetesAgent, stories: kubernetesStories },
];

const { values } = parseArgs({ options: { verbose: { type: 'boolean', default: false } } });
const isTerminal = process.stdout.isTTY === true;
const terminal: Terminal = {
  write: (text) => void process.stdout.write(text),
  isTerminal,
  hasColours: isTerminal && !process.env['NO_COLOR'],
  columns: isTerminal ? process.stdout.columns : 160,
};
const view = values.verbose ? openVerboseView(terminal) : openBriefView(terminal);
process.exitCode = (await runStories(clouds, entries, view)) ? 0 : 1;
