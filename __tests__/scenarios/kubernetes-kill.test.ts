import { afterEach, describe, expect, test } from '@jest/globals';
import type { Behaviour } from '../../simulators/behaviour.ts';
import type { KubernetesAgent, KubernetesAgentOptions } from '../../simulators/kubernetes-agent.ts';
import { addSet } from '../../simulators/kubernetes-scene.ts';
import { closeAgents, dist } from './agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { V1 } from './kubernetes-troubles.ts';

afterEach(closeAgents);

const good: Partial<Behaviour> = {};
const bad: Partial<Behaviour> = { crash: { afterMs: 500, exitCode: 1, logs: ['boom'] } };
const unfit: Partial<Behaviour> = { answers: { '/': { status: 500, body: 'no' } } };

interface Story {
  readonly image: Partial<Behaviour>;
  readonly inputs?: Readonly<Record<string, string>>;
  /** `before`: the call itself is lost with its sender. */
  readonly when?: 'before' | 'after';
  readonly stage?: KubernetesAgentOptions['stage'];
  /** Until what was deleted has taken along what belongs to it. */
  readonly settleMs?: number;
  /** What happened to the cluster before. */
  readonly arrange?: (agent: KubernetesAgent) => Promise<unknown>;
}

/** Of the slowest story, on a machine that does other things too. */
const LONGEST_MS = 300_000;
/** On a control plane, where each takes seconds: at every n-th call only, from another one in each story. */
const every = Number(process.env['KILL_EVERY'] ?? '1');
type OnStart = (child: { kill(signal: NodeJS.Signals): boolean }) => void;

async function givenArranged({ stage, arrange }: Story): Promise<KubernetesAgent> {
  const agent = await givenKubernetes({
    entries: dist,
    ...(stage ? { stage } : {}),
  });
  await arrange?.(agent);
  return agent;
}

function deploy(agent: KubernetesAgent, { image, inputs }: Story, onStart?: OnStart) {
  const name = agent.world.publish('v2', image);
  const tests = '- GET /: { retry-for: 5s }';
  return agent.deploy({ image: name, 'smoke-tests': tests, ...inputs }, onStart ? { onMainStart: onStart } : {});
}

const ofCluster = /^kubernetes:(?:patch|delete|create) (?!selfsubjectaccessreviews)/;

/** How many calls that change something a run makes when nothing disturbs it. */
async function countMutations(story: Story): Promise<number> {
  const agent = await givenArranged(story);
  const before = agent.world.edge.calls.length;
  await deploy(agent, story);
  const calls = agent.world.edge.calls.slice(before).filter(({ operation }) => ofCluster.test(operation)).length;
  await closeAgents();
  return calls;
}

async function killAt(agent: KubernetesAgent, story: Story, n: number) {
  const { when = 'after' } = story;
  let [killed, seen] = [false, 0];
  const result = await deploy(agent, story, (child) => {
    if (killed) return;
    agent.world.edge.onCall((call, moment) => {
      if (killed || !ofCluster.test(call.operation) || moment !== when || ++seen !== n) return undefined;
      killed = true;
      child.kill('SIGKILL');
      return when === 'before' ? 'drop' : undefined;
    });
  });
  return { result, killed };
}

const canary = { strategy: 'canary', steps: '30% for 20s, 50%' };
const blueGreen = { strategy: 'blue-green', steps: '100% for 20s', overlap: '2s' };
/** Passes as long as the previous version answers at the live address. */
const unfitLive = { 'smoke-tests': '- GET /\n- GET https://shop.example/: { contains: v1 }' };

const inCluster = { 'smoke-tests': '- GET /: { in-cluster: true, headers: { x-key: abcdefgh }, retry-for: 0s }' };

const helm = { by: { manager: 'helm', apply: true } } as const;

describe('SIGKILL of main at each call that changes something, then post', () => {
  const stories: readonly (readonly [string, Story])[] = [
    ['a rolling deploy', { image: good }],
    ['a rolling deploy whose call is lost too', { image: good, when: 'before' }],
    ['one that crashes, and its rollback', { image: bad }],
    ['one whose smoke tests fail, of what Helm applied', { image: unfit, stage: helm }],
    ['one without a history', { image: unfit, stage: { spec: { revisionHistoryLimit: 0 } } }],
    ['one after a deployment of ours', { image: unfit, arrange: deployBefore }],
    ['a rolling deploy with a smoke test in the cluster', { image: good, inputs: inCluster, settleMs: 2_000 }],
    ['one whose smoke test in the cluster fails', { image: unfit, inputs: inCluster, settleMs: 2_000 }],
    ['a canary', { image: good, inputs: canary, stage: helm }],
    ['a canary whose call is lost too', { image: good, inputs: canary, when: 'before' }],
    ['a canary whose smoke tests fail', { image: unfit, inputs: canary }],
    ['blue-green', { image: good, inputs: blueGreen, stage: helm }],
    ['blue-green whose call is lost too', { image: good, inputs: blueGreen, when: 'before' }],
    ['blue-green that is rolled back from the live address', { image: good, inputs: { ...blueGreen, ...unfitLive } }],
    ['a preview', { image: good, inputs: { traffic: '0' } }],
    ['a StatefulSet whose pods crash', { image: bad, arrange: addDatabase, inputs: { workload: 'statefulset/db' } }],
  ];
  test.each(stories)(
    'in %s, the workload is exactly as before, field managers included',
    async (title, story) => {
      const total = await countMutations(story);
      const first = 1 + (stories.findIndex(([name]) => name === title) % Math.min(every, total));
      let [asBefore, played] = [0, 0];
      for (let n = first; n <= total; n += every) {
        played++;
        const agent = await givenArranged(story);
        const before = agent.snapshot();
        const { result, killed } = await killAt(agent, story, n);
        expect({ n, killed, signal: result.main.signal }).toEqual({ n, killed: true, signal: 'SIGKILL' });
        await agent.stage.pass(story.settleMs ?? 0);
        expect({ n, after: agent.snapshot() }).toEqual({ n, after: before });
        expect({ n, post: result.post.exitCode }).toEqual({ n, post: 1 });
        asBefore++;
        await closeAgents();
      }
      const which = every === 1 ? 'each mutating call' : `${played} of ${total} mutating calls`;
      process.stdout.write(`killed after ${which} in ${title}: ${asBefore} of ${played} exactly as before\n`);
      expect(asBefore).toBe(every === 1 ? total : played);
      expect(total).toBeGreaterThanOrEqual(2);
    },
    LONGEST_MS,
  );
});

async function deployBefore(agent: KubernetesAgent): Promise<void> {
  await agent.deploy({ image: agent.world.publish('v1b', {}), 'environment-variables': 'MODE: one' });
}

async function addDatabase({ stage }: KubernetesAgent): Promise<void> {
  await addSet(stage, 'StatefulSet', { name: 'db', image: V1 });
}
