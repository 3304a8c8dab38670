import path from 'node:path';
import type { Agent, Entries } from '../../simulators/agent.ts';
import { type AgentServiceOptions, openAgentService } from '../../simulators/agent-service.ts';
import { readPolicy } from './aws-roles.ts';
import { type SecretWatch, watchSecrets } from './watch-secrets.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** What users run. */
export const dist: Entries = { main: path.join(root, 'dist/main.js'), post: path.join(root, 'dist/post.js') };
export const source: Entries = {
  main: path.join(root, '__tests__/fixtures/entries/main.ts'),
  post: path.join(root, '__tests__/fixtures/entries/post.ts'),
};

const open: { readonly agent: Agent; readonly secrets: SecretWatch }[] = [];

/** A service `agent` on ECS that runs v1, and a job that may do what the guide's policy grants. */
export async function givenAgent(options: Partial<AgentServiceOptions> = {}): Promise<Agent> {
  const agent = await givenOn(openAgentService, options);
  agent.world.aws.enforce(readPolicy());
  return agent;
}

/** The same on any cloud, and the action as SCENARIOS_ON says: from src/ (default) or dist/. */
export async function givenOn<Options extends { readonly entries: Entries }, A extends Agent>(
  openOn: (options: Options) => Promise<A>,
  options: Partial<Options> = {},
): Promise<A> {
  const entries = process.env['SCENARIOS_ON'] === 'dist' ? dist : source;
  const agent = await openOn({ entries, ...options } as Options);
  open.push({ agent, secrets: watchSecrets(agent) });
  return agent;
}

/** @throws what a simulator threw in one of them; Error where a secret is in the log, the summary, … or with another host */
export async function closeAgents(): Promise<void> {
  const closing = open.splice(0);
  for (const { agent } of closing) await agent.close();
  for (const { secrets } of closing) secrets.check();
}

/** The step's own words, without group marks and masks. */
export function saidBy(log: string): string {
  return log
    .split('\n')
    .filter((line) => !/^::(endgroup|add-mask)::/.test(line))
    .join('\n');
}
