import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { openCloudRunAgent } from '../../simulators/cloud-run-agent.ts';
import { openContainerAppsAgent } from '../../simulators/container-apps-agent.ts';
import type { FaultAct } from '../../simulators/edge/faults.ts';
import { closeAgents, givenAgent, givenOn } from './agent.ts';

afterEach(closeAgents);

const crashLater = pathToFileURL(path.resolve(import.meta.dirname, '../fixtures/crash-later.mjs')).href;

interface Row {
  readonly target: string;
  readonly open: () => Promise<Agent>;
  /** Every call to the service's API. */
  readonly api: RegExp;
  /** What changes something live, and how the cloud words a refusal. */
  readonly changes: RegExp;
  readonly refusal: object;
}

const rows: readonly Row[] = [
  {
    target: 'ecs',
    open: () => givenAgent(),
    api: /^ecs:/,
    changes: /^ecs:(UpdateService|StopServiceDeployment)$/,
    refusal: { __type: 'AccessDeniedException', message: 'not authorized' },
  },
  {
    target: 'cloud-run',
    open: () => givenOn(openCloudRunAgent),
    api: /^run:/,
    changes: /^run:UpdateService$/,
    refusal: { error: { code: 403, status: 'PERMISSION_DENIED', message: 'not authorized' } },
  },
  {
    target: 'container-apps',
    open: () => givenOn(openContainerAppsAgent),
    api: /^arm:/,
    changes: /^arm:ContainerApps_Update$|^arm:ContainerAppsRevisions_(De)?[Aa]ctivateRevision$/,
    refusal: { error: { code: 'AuthorizationFailed', message: 'not authorized' } },
  },
];

describe.each(rows)('on $target', ({ open, api, changes, refusal }) => {
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

  test.each<[string, FaultAct]>([
    ['does not answer', { kind: 'drop' }],
    // One expired token made the post step give up.
    ['does not permit it', refuse(refusal)],
  ])('a cloud that %s when the post step starts is asked again', async (_, act) => {
    const agent = await open();
    const before = agent.snapshot();
    const image = agent.world.publish('v2', { readyAfterMs: 60_000 });
    const { main, post } = await agent.deploy(
      { image },
      { onMainStart: (child) => killAndDisturb(agent, { child, api, changes, act }) },
    );
    expect(main.signal).toBe('SIGKILL');
    // Container Apps are marked first, which deploys nothing.
    expect(post.log).toMatch(/\[(?:rolled-back|refused)\]/);
    expect(agent.snapshot()).toEqual(before);
  });
});

interface Disturbance extends Pick<Row, 'api' | 'changes'> {
  readonly child: { kill(signal: NodeJS.Signals): boolean };
  readonly act: FaultAct;
}

function refuse(body: object): FaultAct {
  return {
    kind: 'status',
    status: 403,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}

/** Kills the main step after its first change (a dry run is none); for the minute after that, each call to the API is disturbed. */
function killAndDisturb(agent: Agent, { child, api, changes, act }: Disturbance): void {
  const { edge, clock } = agent.world;
  const before = JSON.stringify(agent.snapshot());
  const hasChanged = (): boolean => JSON.stringify(agent.snapshot()) !== before;
  let until: number | null = null;
  let answer = (): void => {};
  edge.onCall((call, when) => {
    if (until === null && when === 'after' && changes.test(call.operation) && hasChanged()) {
      until = clock.now() + 60_000;
      child.kill('SIGKILL');
      answer = edge.faults.add({ operation: api, when: 'before', act });
    }
    if (until !== null && clock.now() >= until) answer();
  });
}

/** From the first smoke test that fails: for a minute nothing that changes something is permitted. */
function denyRollback(agent: Agent, changes: RegExp, refusal: object): () => number {
  const { edge, clock } = agent.world;
  let until: number | null = null;
  let denials = 0;
  let allow = (): void => {};
  edge.onCall((call, when) => {
    if (call.operation === 'workload:GET /health' && when === 'after' && until === null) {
      until = clock.now() + 60_000;
      allow = edge.faults.add({ operation: changes, when: 'before', act: refuse(refusal) });
    }
    if (until !== null && when === 'before' && changes.test(call.operation)) denials += clock.now() < until ? 1 : 0;
    if (until !== null && clock.now() >= until) allow();
  });
  return () => denials;
}
