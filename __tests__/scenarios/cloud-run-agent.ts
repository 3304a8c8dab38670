import type { Agent } from '../../simulators/agent.ts';
import { type CloudRunAgentOptions, openCloudRunAgent } from '../../simulators/cloud-run-agent.ts';
import { keepOpen, usualEntries } from './agent.ts';

/** A Cloud Run service `agent` that runs v1, and the action as SCENARIOS_ON says: from src/ (default) or dist/. */
export async function givenCloudRun(options: Partial<CloudRunAgentOptions> = {}): Promise<Agent> {
  return keepOpen(await openCloudRunAgent({ entries: usualEntries(), ...options }));
}
