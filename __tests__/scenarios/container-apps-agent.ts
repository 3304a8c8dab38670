import path from 'node:path';
import type { Agent, Entries } from '../../simulators/agent.ts';
import { type ContainerAppsAgentOptions, openContainerAppsAgent } from '../../simulators/container-apps-agent.ts';
import { dist } from './agent.ts';

const root = path.resolve(import.meta.dirname, '../..');
const source: Entries = {
  main: path.join(root, '__tests__/fixtures/entries/main.ts'),
  post: path.join(root, '__tests__/fixtures/entries/post.ts'),
};

const open: Agent[] = [];

/** An app `agent` that runs v1, and the action as SCENARIOS_ON says: from src/ (default) or dist/. */
export async function givenApp(options: Partial<ContainerAppsAgentOptions> = {}): Promise<Agent> {
  const entries = process.env['SCENARIOS_ON'] === 'dist' ? dist : source;
  const agent = await openContainerAppsAgent({ entries, ...options });
  open.push(agent);
  return agent;
}

/** Whose traffic goes to its revision by name, as somebody has set it. */
export async function givenPinnedApp(label?: string, options: Partial<ContainerAppsAgentOptions> = {}): Promise<Agent> {
  const agent = await givenApp({ ...options, app: { revisionSuffix: 'one', ...options.app } });
  const entry = { revisionName: 'agent--one', weight: 100, ...(label ? { label } : {}) };
  agent.world.azure.foreignTraffic('agent', [entry]);
  await agent.world.clock.advance(30_000);
  return agent;
}

/** @throws what a simulator threw in one of them. */
export async function closeApps(): Promise<void> {
  for (const agent of open.splice(0)) await agent.close();
}
