import type { Agent } from '../../simulators/agent.ts';
import { type ContainerAppsAgentOptions, openContainerAppsAgent } from '../../simulators/container-apps-agent.ts';
import { givenOn } from './agent.ts';

/** An app `agent` that runs v1, and the action as SCENARIOS_ON says. */
export function givenApp(options: Partial<ContainerAppsAgentOptions> = {}): Promise<Agent> {
  return givenOn(openContainerAppsAgent, options);
}

/** Whose traffic goes to its revision by name, as a user has set it. */
export async function givenPinnedApp(label?: string, options: Partial<ContainerAppsAgentOptions> = {}): Promise<Agent> {
  const agent = await givenApp({ ...options, app: { revisionSuffix: 'one', ...options.app } });
  const entry = { revisionName: 'agent--one', weight: 100, ...(label ? { label } : {}) };
  agent.world.azure.foreignTraffic('agent', [entry]);
  await agent.world.clock.advance(30_000);
  return agent;
}
