import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { ActionResult } from '../../simulators/runner.ts';
import { closeAgents, dist } from './agent.ts';
import { givenApp, givenPinnedApp } from './container-apps-agent.ts';

afterEach(closeAgents);

const canary = { strategy: 'canary', steps: '20% for 30s' };
const failing = { answers: { '/health': { status: 500, body: 'no' } } };
type Kill = (child: { kill(signal: NodeJS.Signals): boolean }) => void;

function deploy(agent: Agent, story: Story, onStart?: Kill): Promise<ActionResult> {
  const image = agent.world.publish('v2', story.behaviour);
  const inputs = { image, 'smoke-tests': '- GET /health: { retry-for: 3s }', ...story.inputs };
  return agent.deploy(inputs, onStart ? { onMainStart: onStart } : {});
}

interface Story {
  readonly given: () => Promise<Agent>;
  readonly inputs: Readonly<Record<string, string>>;
  readonly behaviour: object;
}

const onDist = { entries: dist };
const stories: readonly (readonly [string, Story])[] = [
  ['Single mode', { given: () => givenApp({ ...onDist, app: { mode: 'Single' } }), inputs: {}, behaviour: {} }],
  [
    'Single mode, with a smoke test that fails',
    { given: () => givenApp({ ...onDist, app: { mode: 'Single' } }), inputs: {}, behaviour: failing },
  ],
  ['Multiple mode, rolling', { given: () => givenApp(onDist), inputs: {}, behaviour: {} }],
  ['Multiple mode, a canary', { given: () => givenApp(onDist), inputs: canary, behaviour: {} }],
  [
    'Multiple mode, a canary whose smoke test fails',
    { given: () => givenApp(onDist), inputs: canary, behaviour: failing },
  ],
  [
    'Multiple mode, a canary where traffic goes by name',
    { given: () => givenPinnedApp(undefined, onDist), inputs: canary, behaviour: {} },
  ],
];

/** How many calls that change something a run makes when nothing disturbs it. */
async function countMutations(story: Story): Promise<number> {
  const agent = await story.given();
  const before = agent.world.edge.calls.length;
  await deploy(agent, story);
  return agent.world.edge.calls.slice(before).filter(({ mutates }) => mutates).length;
}

/** Kills the main step at its n-th call that changes something, when it has taken effect. */
async function killAt(agent: Agent, story: Story, n: number): Promise<{ result: ActionResult; killed: boolean }> {
  let killed = false;
  let seen = 0;
  const result = await deploy(agent, story, (child) => {
    if (killed) return;
    agent.world.edge.onCall((call, moment) => {
      if (killed || !call.mutates || moment !== 'after' || ++seen !== n) return;
      killed = true;
      child.kill('SIGKILL');
    });
  });
  return { result, killed };
}

describe('SIGKILL of main after each call that changes something, then post', () => {
  test.each(stories)(
    'in %s, the app is exactly as before',
    async (title, story) => {
      const total = await countMutations(story);
      let asBefore = 0;
      for (let n = 1; n <= total; n++) {
        const agent = await story.given();
        const before = agent.snapshot();
        const visits = agent.watch();
        const { result, killed } = await killAt(agent, story, n);
        expect({ n, killed, signal: result.main.signal }).toEqual({ n, killed: true, signal: 'SIGKILL' });
        expect({ n, after: agent.snapshot() }).toEqual({ n, after: before });
        expect({ n, ...(await agent.ask()) }).toMatchObject({ n, body: 'v1' });
        expect({ n, failed: visits.failed }).toEqual({ n, failed: 0 });
        expect({ n, post: result.post.exitCode }).toEqual({ n, post: 1 });
        asBefore++;
        await closeAgents();
      }
      process.stdout.write(
        `Container Apps, ${title}: killed after each mutating call: ${asBefore} of ${total} exactly as before\n`,
      );
      expect(asBefore).toBe(total);
      expect(total).toBeGreaterThan(1);
      // Two processes for each call.
    },
    240_000,
  );
});
