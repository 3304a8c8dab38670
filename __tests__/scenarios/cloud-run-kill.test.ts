import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { CLOUD_RUN_SERVICE } from '../../simulators/cloud-run-agent.ts';
import type { JsonObject } from '../../simulators/json.ts';
import { closeAgents, dist } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { byName, trafficOf } from './watch-cloud-run.ts';

afterEach(closeAgents);

const good: Partial<Behaviour> = { answers: { '/predict': { status: 200, body: 'greeting' } } };
const turnsBad: Partial<Behaviour> = { ...good, unhealthyAfterMs: 70_000 };
const smokeTests = '- GET /health\n- POST /predict: { json-body: { text: hello }, contains: greeting, retry-for: 5s }';
const canary = { strategy: 'canary', steps: '5% for 1m, 25% for 1m' };

type OnStart = (child: { kill(signal: NodeJS.Signals): boolean }) => void;

function deploy(agent: Agent, { image, inputs }: Story, onStart?: OnStart) {
  const name = agent.world.publish('v2', image);
  return agent.deploy({ image: name, 'smoke-tests': smokeTests, ...inputs }, onStart ? { onMainStart: onStart } : {});
}

interface Story {
  readonly image: Partial<Behaviour>;
  readonly inputs: Readonly<Record<string, string>>;
  /** Only at calls whose names match; absent: at each, those of the copy too. */
  readonly at?: RegExp;
  /** `before`: the call itself is lost with its sender. */
  readonly when?: 'before' | 'after';
  /** What happened to the service before. */
  readonly arrange?: (agent: Agent) => Promise<unknown>;
}

/** Of the slowest story, on a machine that does other things too. */
const LONGEST_MS = 300_000;
const ofCloudRun = /^run:/;

async function givenArranged({ arrange }: Story): Promise<Agent> {
  const agent = await givenCloudRun({ entries: dist });
  await arrange?.(agent);
  return agent;
}

/** A revision of another user, without traffic, which has more than another image. */
async function deployAsColleague({ world }: Agent): Promise<void> {
  const { config, revisions } = world.google.look(CLOUD_RUN_SERVICE);
  const serving = revisions[0]!.id;
  const template = { ...(config['template'] as JsonObject), serviceAccount: 'staging@acme.iam.gserviceaccount.com' };
  world.google.foreignUpdate(CLOUD_RUN_SERVICE, { template, traffic: [byName(serving, 100)] });
  await world.clock.advance(60_000);
}

async function previewTwice(agent: Agent): Promise<void> {
  for (const version of ['p1', 'p2']) {
    const image = agent.world.publish(version, good);
    await agent.deploy({ image, traffic: '0', 'environment-variables': 'DATABASE_URL: staging' });
  }
  // The marker that its last request removed.
  await agent.world.clock.advance(10_000);
}

/** How many calls that change something a run makes when nothing disturbs it. */
async function countMutations(story: Story): Promise<number> {
  const agent = await givenArranged(story);
  const before = agent.world.edge.calls.length;
  await deploy(agent, story);
  return agent.world.edge.calls.slice(before).filter((call) => counts(call, story)).length;
}

function counts(
  { mutates, operation }: { readonly mutates: boolean; readonly operation: string },
  { at }: Story,
): boolean {
  return mutates && (at?.test(operation) ?? true);
}

/** Kills main at its n-th call that changes something: when it has come, or when it has taken effect. */
async function killAt(agent: Agent, story: Story, n: number) {
  const { when = 'after' } = story;
  let [killed, seen] = [false, 0];
  const result = await deploy(agent, story, (child) => {
    if (killed) return;
    agent.world.edge.onCall((call, moment) => {
      if (killed || !counts(call, story) || moment !== when || ++seen !== n) return undefined;
      killed = true;
      child.kill('SIGKILL');
      return when === 'before' ? 'drop' : undefined;
    });
  });
  return { result, killed };
}

describe('SIGKILL of main at each call that changes something, then post', () => {
  const stories: readonly (readonly [string, Story])[] = [
    ['a good canary', { image: good, inputs: canary }],
    ['a good canary, whose call is lost too', { image: good, inputs: canary, at: ofCloudRun, when: 'before' }],
    ['a canary that turns bad at 25%, and its way back', { image: turnsBad, inputs: canary, at: ofCloudRun }],
    ['a rolling deploy', { image: good, inputs: {}, at: ofCloudRun }],
    ['a preview', { image: good, inputs: { traffic: '0' }, at: ofCloudRun }],
    ['a canary after previews', { image: good, inputs: canary, at: ofCloudRun, arrange: previewTwice }],
    [
      'a canary of what serves, beside the newest revision, which another user made',
      { image: good, inputs: { ...canary, base: 'serving' }, at: ofCloudRun, arrange: deployAsColleague },
    ],
  ];
  test.each(stories)(
    'in %s, the service is exactly as before',
    async (title, story) => {
      const total = await countMutations(story);
      let asBefore = 0;
      for (let n = 1; n <= total; n++) {
        const agent = await givenArranged(story);
        const before = agent.snapshot();
        agent.watch();
        const { result, killed } = await killAt(agent, story, n);
        expect({ n, killed, signal: result.main.signal }).toEqual({ n, killed: true, signal: 'SIGKILL' });
        expect({ n, after: agent.snapshot(), traffic: trafficOf(agent) }).toEqual({
          n,
          after: before,
          traffic: 'v1 100',
        });
        // What our canary answers is no error of the service; nothing else may answer anything but 200.
        const served = agent.world.google.served(CLOUD_RUN_SERVICE).filter(({ by }) => by === 'weight');
        expect({
          n,
          wrong: served.filter(({ status, revision }) => status !== 200 && revision.startsWith('agent-00001')),
        }).toEqual({
          n,
          wrong: [],
        });
        expect({ n, post: result.post.exitCode }).toEqual({ n, post: 1 });
        asBefore++;
        await closeAgents();
      }
      process.stdout.write(`killed after each mutating call in ${title}: ${asBefore} of ${total} exactly as before\n`);
      expect(asBefore).toBe(total);
      expect(total).toBeGreaterThanOrEqual(3);
    },
    LONGEST_MS,
  );
});
