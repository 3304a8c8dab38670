import type { Agent } from '../../simulators/agent.ts';
import { type CloudRunAgentOptions, openCloudRunAgent } from '../../simulators/cloud-run-agent.ts';
import { givenOn } from './agent.ts';

/** A Cloud Run service `agent` that runs v1. */
export function givenCloudRun(options: Partial<CloudRunAgentOptions> = {}): Promise<Agent> {
  return givenOn(openCloudRunAgent, options);
}
