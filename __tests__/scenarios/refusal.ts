import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { ActionOptions, StageResult } from '../../simulators/runner.ts';
import type { Failure } from '../../src/model/errors.ts';

const noPost = path.resolve(import.meta.dirname, '../fixtures/entries/no-post.ts');

export interface Refusal {
  readonly main: StageResult;
  readonly failure: Failure;
  /** Message and hint, as a person reads them. */
  readonly text: string;
}

/** Everything that a run could have changed. */
export function wholeState(agent: Agent): object {
  return { service: agent.snapshot(), source: agent.world.source.snapshot(), ecr: agent.world.ecr.snapshot() };
}

export function mutations(agent: Agent): readonly string[] {
  return agent.world.edge.calls
    .filter(({ mutates }) => mutates)
    .map(({ operation, status }) => `${operation} ${status}`);
}

/** Runs the action, which has to refuse in the form in which every refusal is: what was tried, what came back, what next. */
export async function refuse(
  agent: Agent,
  inputs: Readonly<Record<string, string>>,
  options: Partial<ActionOptions> = {},
): Promise<Refusal> {
  const before = wholeState(agent);
  const directory = await mkdtemp(path.join(os.tmpdir(), 'refusal-'));
  try {
    const { main } = await agent.deploy(inputs, { directory, post: noPost, ...options });
    expect({ ...main, log: main.log.slice(-3_000) }).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
    const report = JSON.parse(await readFile(main.outputs['report']!, 'utf8')) as { readonly failure: Failure };
    const { failure } = report;
    expect(failure.message).toMatch(/^could not \w+ \S.*: \S/s);
    expect(failure.message).not.toMatch(/undefined|\[object|null/);
    expect(failure.hint).toMatch(/^[A-Z].{10,}(?:[.?]|https:\S+)$/s);
    expect(main.log.split('\n').filter((line) => line.startsWith('::error'))).toHaveLength(1);
    expect(wholeState(agent)).toEqual(before);
    return { main, failure, text: `${failure.message}\n${failure.hint}` };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
