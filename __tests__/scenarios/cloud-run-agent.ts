import type { Agent } from '../../simulators/agent.ts';
import { type CloudRunAgentOptions, openCloudRunAgent } from '../../simulators/cloud-run-agent.ts';
import { givenOn } from './agent.ts';
import { OPTIONAL, readPermissions } from './google-roles.ts';

/** A Cloud Run service `agent` that runs v1, and a job that has the permissions of the guide. */
export async function givenCloudRun(options: Partial<CloudRunAgentOptions> = {}): Promise<Agent> {
  const agent = await givenOn(openCloudRunAgent, options);
  agent.world.google.grantOnly([...readPermissions(), ...OPTIONAL]);
  return agent;
}
