import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { closeAgents, givenAgent } from './agent.ts';
import { mutations, refuse } from './refusal.ts';

let workspace = '';
beforeEach(async () => {
  workspace = await mkdtemp(path.join(os.tmpdir(), 'workspace-'));
});
afterEach(async () => {
  await closeAgents();
  await rm(workspace, { recursive: true, force: true });
});

describe('a symlink in the repository', () => {
  test('to the environment of the process is not sent to the tested host', async () => {
    const agent = await givenAgent();
    await symlink('/proc/self/environ', path.join(workspace, 'cat.jpg'));
    const image = agent.world.publish('v2', {});
    const inputs = { image, 'smoke-tests': '- POST /predict: { file: cat.jpg }' };
    const { failure } = await refuse(agent, inputs, { workspace });
    expect(failure).toMatchObject({ code: 'INPUT_INVALID' });
    expect(failure.message).toContain('could not read the file cat.jpg: it is outside of the workspace');
    expect(mutations(agent)).toEqual([]);
  });

  test('is not followed to smoke tests outside of the workspace', async () => {
    const agent = await givenAgent();
    await mkdir(path.join(workspace, 'repository'));
    await writeFile(path.join(workspace, 'smoke.yml'), '- GET /health');
    await symlink('../smoke.yml', path.join(workspace, 'repository/smoke.yml'));
    const inputs = { image: agent.world.publish('v2', {}), 'smoke-tests': 'smoke.yml' };
    const { failure } = await refuse(agent, inputs, { workspace: path.join(workspace, 'repository') });
    expect(failure.message).toContain('could not read the file smoke.yml: it is outside of the workspace');
  });

  test('that is made after the inputs were checked is not sent either', async () => {
    const agent = await givenAgent();
    await writeFile(path.join(workspace, 'cat.jpg'), 'cat');
    const image = agent.world.publish('v2', {});
    const swap = 'ln -sf /proc/self/environ cat.jpg';
    const tests = `- run: ${swap}\n- POST /predict: { file: cat.jpg, retry-for: 0s }`;
    const { main } = await agent.deploy({ image, 'smoke-tests': tests }, { workspace });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
    expect(main.log).toContain('could not read the file cat.jpg: it is outside of the workspace');
  });
});
