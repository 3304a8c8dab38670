import path from 'node:path';
import { expect } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { OutcomeKind } from '../../src/model/outcome.ts';
import { closeAgents } from '../scenarios/agent.ts';
import type { ContractRow, ContractStage } from './contract-suite.ts';

type Inputs = Readonly<Record<string, string>>;

export const rolling: Inputs = { strategy: 'rolling' };
export const canary: Inputs = { strategy: 'canary', steps: '10% for 30s, 50%' };
export const blueGreen: Inputs = { strategy: 'blue-green', steps: '100% for 30s' };
export const preview: Inputs = { traffic: '0' };

const prefixEntry = path.resolve(import.meta.dirname, '../fixtures/entries/prefix.ts');

/** The whole action on an embedded cloud, once for each strategy. */
export function rowsOn(open: () => Promise<Agent>, strategies: readonly Inputs[]): readonly ContractRow[] {
  return strategies.map((inputs) => ({
    title: Object.entries(inputs)
      .map((pair) => pair.join(': '))
      .join(', '),
    open: async () => openStage(await open(), inputs),
  }));
}

function openStage(agent: Agent, inputs: Inputs): ContractStage {
  return {
    snapshot: () => agent.snapshot(),
    async ask() {
      const { status, body } = await agent.ask();
      return `${status} ${body}`;
    },
    async leaveAfter(prefix) {
      const image = agent.world.publish('v2', {});
      const { main, post } = await agent.deploy(
        { image, 'smoke-tests': '- GET /health', ...inputs },
        { main: prefixEntry, env: { PREFIX: String(prefix) } },
      );
      expect({ prefix, log: main.log }).toMatchObject({ log: expect.stringContaining('steps in all') });
      const [, total] = /\[prefix\] (\d+) steps/.exec(main.log) ?? [];
      const [, outcome] = /\| Outcome \| `([a-z-]+)` \|/.exec(post.summary) ?? [];
      return { total: Number(total), outcome: outcome as OutcomeKind, isRed: post.exitCode === 1 };
    },
    close: closeAgents,
  };
}
