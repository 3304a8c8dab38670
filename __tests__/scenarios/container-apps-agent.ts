import type { Agent } from '../../simulators/agent.ts';
import { type ContainerAppsAgentOptions, openContainerAppsAgent } from '../../simulators/container-apps-agent.ts';
import { givenOn } from './agent.ts';
import { LOG_ROLE, REGISTRY_ROLES, readAssignments } from './azure-roles.ts';

/** An app `agent` that runs v1, a job that has the roles of the guide, and the action as SCENARIOS_ON says. */
export async function givenApp(options: Partial<ContainerAppsAgentOptions> = {}): Promise<Agent> {
  const agent = await givenOn(openContainerAppsAgent, options);
  agent.world.azure.enforce([...readAssignments('production'), REGISTRY_ROLES, LOG_ROLE]);
  return agent;
}

/** Whose traffic goes to its revision by name, as a user has set it. */
export async function givenPinnedApp(label?: string, options: Partial<ContainerAppsAgentOptions> = {}): Promise<Agent> {
  const agent = await givenApp({ ...options, app: { revisionSuffix: 'one', ...options.app } });
  const entry = { revisionName: 'agent--one', weight: 100, ...(label ? { label } : {}) };
  agent.world.azure.foreignTraffic('agent', [entry]);
  await agent.world.clock.advance(30_000);
  return agent;
}
