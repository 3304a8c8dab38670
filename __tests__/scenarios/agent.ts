import path from 'node:path';
import type { Agent, Entries } from '../../simulators/agent.ts';
import { type AgentServiceOptions, openAgentService } from '../../simulators/agent-service.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** What users run. */
export const dist: Entries = { main: path.join(root, 'dist/main.js'), post: path.join(root, 'dist/post.js') };
const source: Entries = {
  main: path.join(root, '__tests__/fixtures/entries/main.ts'),
  post: path.join(root, '__tests__/fixtures/entries/post.ts'),
};

const open: Agent[] = [];

/** A service `agent` on ECS that runs v1. */
export function givenAgent(options: Partial<AgentServiceOptions> = {}): Promise<Agent> {
  return givenOn(openAgentService, options);
}

/** The same on any cloud, and the action as SCENARIOS_ON says: from src/ (default) or dist/. */
export async function givenOn<Options extends { readonly entries: Entries }, A extends Agent>(
  openOn: (options: Options) => Promise<A>,
  options: Partial<Options> = {},
): Promise<A> {
  const entries = process.env['SCENARIOS_ON'] === 'dist' ? dist : source;
  const agent = await openOn({ entries, ...options } as Options);
  open.push(agent);
  return agent;
}

/** @throws what a simulator threw in one of them. */
export async function closeAgents(): Promise<void> {
  for (const agent of open.splice(0)) await agent.close();
}

/** The step's own words, without group marks and masks. */
export function saidBy(log: string): string {
  return log
    .split('\n')
    .filter((line) => !/^::(endgroup|add-mask)::/.test(line))
    .join('\n');
}
