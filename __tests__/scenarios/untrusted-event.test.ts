import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { closeAgents, givenAgent } from './agent.ts';

afterEach(closeAgents);

const fork = { pull_request: { head: { repo: { full_name: 'mallory/agent' } } } };
const afterFork = { workflow_run: { event: 'pull_request', head_repository: { full_name: 'mallory/agent' } } };
const afterPush = { workflow_run: { event: 'push', head_repository: { full_name: 'acme/agent' } } };

async function deployFor(event: string, payload: object, inputs: Record<string, string> = {}) {
  const agent = await givenAgent();
  const directory = await mkdtemp(path.join(os.tmpdir(), 'event-'));
  const file = path.join(directory, 'payload.json');
  await writeFile(file, JSON.stringify(payload));
  try {
    const image = agent.world.publish('v2', {});
    const env = { GITHUB_EVENT_NAME: event, GITHUB_EVENT_PATH: file };
    const result = await agent.deploy({ image, ...inputs }, { env });
    return { ...result, calls: agent.world.edge.calls.length };
  } finally {
    await rm(directory, { recursive: true });
  }
}

describe('an event that can run code of others', () => {
  test.each([
    ['pull_request_target', fork],
    ['issue_comment', {}],
    ['pull_request', fork],
    ['workflow_run', afterFork],
  ])('is refused before anything is sent: %s', async (event, payload) => {
    for (const mode of ['deploy', 'plan']) {
      const { main, post, calls } = await deployFor(event, payload, { mode });
      expect(main).toMatchObject({ exitCode: 1, outputs: { outcome: 'refused' } });
      expect(main.log).toContain(`could not deploy for the event ${event}`);
      expect(main.log).toContain('Test on pull_request, and deploy on push');
      expect(post.exitCode).toBe(0);
      expect(calls).toBe(0);
    }
  });

  test('deploys where the workflow allows it', async () => {
    const { main } = await deployFor('issue_comment', {}, { 'allow-untrusted-event': 'true' });
    expect(main.outputs['outcome']).toBe('deployed');
  });
});

test('workflow_run after a push to this repository deploys', async () => {
  const { main } = await deployFor('workflow_run', afterPush);
  expect(main.outputs['outcome']).toBe('deployed');
});
