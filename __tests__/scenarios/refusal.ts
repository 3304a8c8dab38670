import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { ActionOptions, StageResult } from '../../simulators/runner.ts';
import type { ErrorCode, Failure } from '../../src/model/errors.ts';

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
  { stateOf = wholeState, ...options }: Partial<ActionOptions> & { readonly stateOf?: (agent: Agent) => object } = {},
): Promise<Refusal> {
  const before = stateOf(agent);
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
    expect(stateOf(agent)).toEqual(before);
    return { main, failure, text: `${failure.message}\n${failure.hint}` };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A state of the world in which nothing may be deployed. */
export interface RefusalRow {
  readonly name: string;
  readonly arrange: () => Promise<Agent>;
  /** Default: v2, at its source. */
  readonly image?: (agent: Agent) => string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly code?: ErrorCode;
  readonly says: readonly (string | RegExp)[];
  readonly never?: readonly string[];
  /** @throws Error where one of the runs changed something */
  readonly ensureUntouched?: (agent: Agent) => void;
}

/** A plan, and then a deploy: the same verdict, code and next step, and the service is as it was. @returns 'alike' */
export async function refuseAlike(row: RefusalRow): Promise<'alike'> {
  const agent = await row.arrange();
  const image = row.image?.(agent) ?? agent.world.publish('v2', {});
  const failures: Failure[] = [];
  for (const mode of ['plan', 'deploy']) {
    // The image may be copied before a deploy finds out; the service is as it was.
    const stateOf = mode === 'plan' ? wholeState : (one: Agent) => ({ service: one.snapshot() });
    const options = { stateOf, ...(row.env ? { env: row.env } : {}) };
    const { failure, text, main } = await refuse(agent, { image, mode, ...row.inputs }, options);
    expect({ mode, text, code: row.code ?? failure.code }).toEqual({ mode, text, code: failure.code });
    const said = text.replaceAll('\n', ' ');
    for (const part of row.says)
      expect(said).toEqual(typeof part === 'string' ? expect.stringContaining(part) : expect.stringMatching(part));
    for (const part of row.never ?? []) expect(main.log).not.toContain(part);
    failures.push(failure);
  }
  // The message names what was tried, which is reading in a plan and may be pushing in a deploy.
  const [planned, deployed] = failures.map(({ code, hint }) => ({ code, hint }));
  expect(planned).toEqual(deployed);
  row.ensureUntouched?.(agent);
  return 'alike';
}
