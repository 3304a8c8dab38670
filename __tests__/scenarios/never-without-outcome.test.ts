import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { openCloudRunAgent } from '../../simulators/cloud-run-agent.ts';
import { openContainerAppsAgent } from '../../simulators/container-apps-agent.ts';
import { closeAgents, givenAgent, givenOn } from './agent.ts';

afterEach(closeAgents);

const crashLater = pathToFileURL(path.resolve(import.meta.dirname, '../fixtures/crash-later.mjs')).href;

interface Row {
  readonly target: string;
  readonly open: () => Promise<Agent>;
  /** What changes something live, and how the cloud words a refusal. */
  readonly changes: RegExp;
  readonly refusal: object;
}

const rows: readonly Row[] = [
  {
    target: 'ecs',
    open: () => givenAgent(),
    changes: /^ecs:(UpdateService|StopServiceDeployment)$/,
    refusal: { __type: 'AccessDeniedException', message: 'not authorized' },
  },
  {
    target: 'cloud-run',
    open: () => givenOn(openCloudRunAgent),
    changes: /^run:UpdateService$/,
    refusal: { error: { code: 403, status: 'PERMISSION_DENIED', message: 'not authorized' } },
  },
  {
    target: 'container-apps',
    open: () => givenOn(openContainerAppsAgent),
    changes: /^arm:ContainerApps_Update$|^arm:ContainerAppsRevisions_(De)?[Aa]ctivateRevision$/,
    refusal: { error: { code: 'AuthorizationFailed', message: 'not authorized' } },
  },
];

describe.each(rows)('on $target', ({ open, changes, refusal }) => {
  test('an exception that no code catches ends as an outcome, and what was sent is rolled back', async () => {
    const agent = await open();
    const before = agent.snapshot();
    const image = agent.world.publish('v2', { readyAfterMs: 60_000 });
    const { main, post } = await agent.deploy({ image }, { nodeArguments: ['--import', crashLater] });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
    expect(main.exitCode).toBe(1);
    expect(main.log).toContain("unexpected error: Cannot read properties of undefined (reading 'status')");
    expect(main.log).not.toMatch(/^\s+at /m);
    expect(post.exitCode).toBe(0);
    expect(agent.snapshot()).toEqual(before);
    expect(await agent.ask()).toMatchObject({ status: 200, body: 'v1' });
  });

  test('a rollback that is not permitted at first is done as soon as it is', async () => {
    const agent = await open();
    const before = agent.snapshot();
    const denials = denyRollback(agent, changes, refusal);
    const image = agent.world.publish('v2', { answers: { '/health': { status: 500, body: 'no' } } });
    const { main } = await agent.deploy({ image, 'smoke-tests': '- GET /health: { retry-for: 5s }' });
    expect(denials()).toBeGreaterThan(2);
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
    expect(agent.snapshot()).toEqual(before);
  });
});

/** From the first smoke test that fails: for a minute nothing that changes something is permitted. */
function denyRollback(agent: Agent, changes: RegExp, refusal: object): () => number {
  const { edge, clock } = agent.world;
  let until: number | null = null;
  let denials = 0;
  let allow = (): void => {};
  edge.onCall((call, when) => {
    if (call.operation === 'workload:GET /health' && when === 'after' && until === null) {
      until = clock.now() + 60_000;
      const body = JSON.stringify(refusal);
      const headers = { 'content-type': 'application/json' };
      allow = edge.faults.add({
        operation: changes,
        when: 'before',
        act: { kind: 'status', status: 403, headers, body },
      });
    }
    if (until !== null && when === 'before' && changes.test(call.operation)) denials += clock.now() < until ? 1 : 0;
    if (until !== null && clock.now() >= until) allow();
  });
  return () => denials;
}
