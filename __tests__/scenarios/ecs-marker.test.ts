import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { CLUSTER, SERVICE } from '../../simulators/agent-service.ts';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { type JsonObject, objectsAt } from '../../simulators/json.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { deployBeside } from './deploy-beside.ts';
import { markersOf } from './ecs-markers.ts';
import { loseRunner } from './lose-runner.ts';
import { changesIn, type EcsExchange, watchEcs } from './watch-ecs.ts';

afterEach(closeAgents);

type Inputs = Readonly<Record<string, string>>;

const smokeTests = '- GET /health: { retry-for: 5s }';
const rolling: Inputs = { 'smoke-tests': smokeTests };
const bad: Partial<Behaviour> = { answers: { '/health': { status: 500, body: 'no' } } };
const crash: Partial<Behaviour> = { crash: { afterMs: 1_000, exitCode: 3, logs: [] } };
const service = { tags: [{ key: 'team', value: 'agents' }] };
const breaker = { ...service, circuitBreaker: { enable: true, rollback: true } };
const HALF_AN_HOUR = 30 * 60_000;

const tagsOf = ({ world }: Agent) => world.aws.ecs.services[0]!.tags;

/** What was asked of ECS about tags and deployments, in order. */
function taggingIn(seen: readonly EcsExchange[]): readonly string[] {
  return seen.map(({ operation }) => operation).filter((name) => /^(Tag|Untag|Update|Stop)/.test(name));
}

/** What the tags after the first hold. The first one's key ends with the run's id, which may be digits only. */
function textOf(request: JsonObject | undefined): string {
  const pieces = objectsAt(request, 'tags').filter(({ key }) => /^deploy-agent\/\w+\/\d+$/.test(String(key)));
  return Buffer.from(pieces.map(({ value }) => value).join(''), 'base64url').toString();
}

describe('the marker of a rollout', () => {
  test.each([
    ['that is deployed', rolling, {}, service, 'deployed'],
    ['that fails in its smoke tests', rolling, bad, service, 'rolled-back'],
    ['that crashes', rolling, crash, service, 'rolled-back'],
    ['that the platform rolls back', rolling, crash, { ...breaker, staging: { countsFailures: true } }, 'rolled-back'],
    ['that is kept', { ...rolling, 'on-failure': 'keep' }, bad, service, 'kept'],
  ] as const)(
    '%s is there before its update and gone at the end, others stay',
    async (_, inputs, image, of, outcome) => {
      const agent = await givenAgent({ service: of });
      const seen = watchEcs(agent);
      const { main } = await agent.deploy(
        { image: agent.world.publish('v2', image), ...inputs },
        { env: { GITHUB_REPOSITORY: 'acme/agent', GITHUB_RUN_ID: '4711', GITHUB_RUN_ATTEMPT: '2' } },
      );
      expect(main.outputs['outcome']).toBe(outcome);
      expect(taggingIn(seen).slice(0, 2)).toEqual(['TagResource', 'UpdateService']);
      expect(taggingIn(seen).at(-1)).toBe('UntagResource');
      const [written] = seen.filter(({ operation }) => operation === 'TagResource');
      expect(JSON.parse(textOf(written?.request))).toMatchObject({ name: 'acme/agent, run 4711, attempt 2' });
      expect(tagsOf(agent)).toEqual(service.tags);
    },
  );

  test('costs a deployment that nothing disturbs two calls, and no read', async () => {
    const agent = await givenAgent();
    const seen = watchEcs(agent);
    await agent.deploy({ image: agent.world.publish('v2', {}), ...rolling });
    expect(taggingIn(seen)).toEqual(['TagResource', 'UpdateService', 'UntagResource']);
    const update = seen.findIndex(({ operation }) => operation === 'UpdateService');
    expect(seen.slice(update - 2, update).map(({ operation }) => operation)).toEqual([
      'TagResource',
      'DescribeServices',
    ]);
  });

  test('is renewed in a long rollout, which is not taken for another user’s change', async () => {
    const agent = await givenAgent();
    agent.world.aws.setService(CLUSTER, SERVICE, { deregistrationDelayMs: 12 * 60_000 });
    const untils: number[] = [];
    const stop = agent.world.clock.every(10_000, async () => {
      const [, until] =
        / until (\S+)/.exec(String(tagsOf(agent).find(({ value }) => String(value).includes(' until '))?.['value'])) ??
        [];
      if (until) untils.push(Date.parse(until) - agent.world.clock.now());
    });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...rolling, timeout: '20m' });
    stop();
    expect(main.outputs['outcome']).toBe('deployed');
    expect(untils.length).toBeGreaterThan(60);
    expect(Math.min(...untils)).toBeGreaterThan(0);
    expect(tagsOf(agent)).toEqual([]);
  });

  test('that may not be written is warned about once, and everything else works', async () => {
    const agent = await givenAgent();
    agent.world.aws.deny('ecs:TagResource');
    const { main } = await agent.deploy({ image: agent.world.publish('v2', bad), ...rolling });
    expect(main.outputs['outcome']).toBe('rolled-back');
    const warnings = main.log.split('\n').filter((line) => line.startsWith('::warning'));
    expect(warnings).toEqual([
      expect.stringMatching(/lacks ecs:TagResource; continuing without a marker.*Add ecs:TagResource/),
    ]);
  });

  test('that may not be removed is released: the next run waits for nothing, restores nothing, and removes it', async () => {
    const agent = await givenAgent();
    agent.world.aws.deny('ecs:UntagResource');
    const first = await agent.deploy({ image: agent.world.publish('v2', {}), ...rolling });
    expect(first.main.outputs['outcome']).toBe('deployed');
    expect(first.main.log).toMatch(/^::warning.*lacks ecs:UntagResource/m);
    expect(markersOf(agent)).toEqual(['released']);
    agent.world.aws.allow('ecs:UntagResource');
    await agent.world.clock.advance(HALF_AN_HOUR);
    const { main } = await agent.deploy({ image: agent.world.publish('v3', bad), ...rolling });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back', revision: first.main.outputs['revision'] });
    expect(tagsOf(agent)).toEqual([]);
  });

  test('that can not be removed for a minute does not undo a good deployment', async () => {
    const agent = await givenAgent();
    const act = { kind: 'status', status: 501, body: '{}' } as const;
    agent.world.edge.faults.add({ operation: /^ecs:UntagResource$/, when: 'before', act });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...rolling });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(main.log).toMatch(/^::warning.*the marker of this run stays/m);
  });
});

describe('a second run', () => {
  async function startBoth(operation: RegExp, inputs: Inputs, images: readonly Partial<Behaviour>[] = [{}, {}]) {
    const agent = await givenAgent();
    const v2 = agent.world.publish('v2', images[0]!);
    const v3 = agent.world.publish('v3', images[1]!);
    const at = { operation, when: 'after' } as const;
    return { agent, ...(await deployBeside(agent, { image: v2, ...rolling }, { image: v3, ...inputs }, at)) };
  }

  test('in the middle of the first waits for it, says for whom, and deploys what it then finds', async () => {
    const { agent, first, second } = await startBoth(/^ecs:UpdateService$/, rolling);
    expect(first.outputs['outcome']).toBe('deployed');
    expect(second.log).toMatch(/, since .*, is rolling out agent:2 \(its marker holds until/);
    expect(second.outputs).toMatchObject({ outcome: 'deployed', 'previous-revision': 'agent:2' });
    expect(await agent.ask()).toMatchObject({ body: 'v3' });
    expect(tagsOf(agent)).toEqual([]);
  });

  test('waits also while ECS says SUCCESSFUL and the smoke tests of the first still run', async () => {
    const { first, second } = await startBoth(/^workload:GET \/health$/, rolling, [bad, {}]);
    expect(first.outputs['outcome']).toBe('rolled-back');
    expect(second.log).toMatch(/is rolling out agent:2 \(its marker holds until/);
    expect(second.outputs).toMatchObject({ outcome: 'deployed', 'previous-revision': 'agent:1' });
  });

  test('is refused with `on-conflict: fail`', async () => {
    const { agent, first, second } = await startBoth(/^ecs:UpdateService$/, { ...rolling, 'on-conflict': 'fail' });
    expect(second.outputs['outcome']).toBe('refused');
    expect(second.log).toMatch(/^::error.*could not start a deployment of service agent.*is rolling out agent:2/m);
    expect(first.outputs['outcome']).toBe('deployed');
    expect(await agent.ask()).toMatchObject({ body: 'v2' });
  });

  test('that only plans says so', async () => {
    const { second } = await startBoth(/^ecs:UpdateService$/, { ...rolling, mode: 'plan' });
    expect(second.outputs['outcome']).toBe('planned');
    expect(second.summary).toMatch(/is rolling out agent:2/);
  });

  // Both have read that the service is free.
  test.each(['ecs:RegisterTaskDefinition', 'ecs:TagResource'])(
    'that begins at the same moment (the first at %s): one at a time, each on what it found',
    async (operation) => {
      const agent = await givenAgent();
      const seen = watchEcs(agent);
      const gate = Promise.withResolvers<void>();
      let waiting = 0;
      agent.world.edge.onCall(async (call, when) => {
        if (call.operation !== operation || when !== 'before' || waiting >= 2) return;
        if (++waiting === 2) gate.resolve();
        await gate.promise;
      });
      const images = [agent.world.publish('v2', {}), agent.world.publish('v3', {})];
      const both = await Promise.all(images.map(async (image) => await agent.deploy({ image, ...rolling })));
      expect(both.map(({ main }) => main.outputs['outcome'])).toEqual(['deployed', 'deployed']);
      const previous = both.map(({ main }) => main.outputs['previous-revision']).sort();
      expect(previous[0]).toBe('agent:1');
      expect(previous[1]).toMatch(/^agent:[23]$/);
      expect(changesIn(seen).filter((name) => name === 'UpdateService')).toHaveLength(2);
      expect(tagsOf(agent)).toEqual([]);
    },
  );
});

describe('a run whose runner is lost', () => {
  /** As a deployment of v3 leaves the service as it was at first. */
  async function reference() {
    const agent = await givenAgent({ service });
    await agent.deploy({ image: agent.world.publish('v3', {}), ...rolling });
    await agent.world.clock.advance(HALF_AN_HOUR);
    return withoutRevision(agent.snapshot());
  }

  /** A revision that is registered and not used changes the number of the next. */
  function withoutRevision(snapshot: JsonObject): unknown {
    return JSON.parse(JSON.stringify(snapshot).replaceAll(/task-definition\/agent:\d+/g, 'agent'));
  }

  const environment = { 'environment-variables': 'FROM: lost' };
  const losses = [
    ['when its marker is written', { operation: /^ecs:TagResource$/, nth: 1 }],
    ['with its update', { operation: /^ecs:UpdateService$/, nth: 1, when: 'before' }],
    ['when it has updated the service', { operation: /^ecs:UpdateService$/, nth: 1 }],
    ['in its smoke tests, when ECS says SUCCESSFUL', { operation: /^workload:GET \/health$/, nth: 1 }],
  ] as const;

  test.each(losses)('%s: the next deploy, at once, waits, restores and ends as the only one', async (_, at) => {
    const agent = await givenAgent({ service });
    await loseRunner(agent, { image: agent.world.publish('v2', {}), ...rolling, ...environment }, at);
    expect(markersOf(agent)).toEqual(['rolling-out']);
    const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), ...rolling });
    expect(main.outputs).toMatchObject({ outcome: 'deployed', 'previous-revision': 'agent:1' });
    expect(main.log).toMatch(/left its rollout of agent:2 unfinished/);
    await agent.world.clock.advance(HALF_AN_HOUR);
    expect(withoutRevision(agent.snapshot())).toEqual(await reference());
  });

  test('while it rolls back: the next deploy goes on with that', async () => {
    const agent = await givenAgent({ service });
    const at = { operation: /^ecs:UpdateService$/, nth: 2 };
    await loseRunner(agent, { image: agent.world.publish('v2', bad), ...rolling, ...environment }, at);
    expect(markersOf(agent)).toEqual(['restoring']);
    const seen = watchEcs(agent);
    const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), ...rolling });
    expect(main.outputs).toMatchObject({ outcome: 'deployed', 'previous-revision': 'agent:1' });
    expect(main.log).toMatch(/agent:1 is live again/);
    expect(changesIn(seen)).toEqual(['RegisterTaskDefinition', 'UpdateService']);
  });

  test('half an hour ago: `mode: plan` says what is restored, and the next deploy restores it without waiting', async () => {
    const agent = await givenAgent({ service });
    const before = agent.snapshot();
    const at = { operation: /^workload:GET \/health$/, nth: 1 };
    await loseRunner(agent, { image: agent.world.publish('v2', {}), ...rolling }, at);
    await agent.world.clock.advance(HALF_AN_HOUR);
    expect(await agent.ask()).toMatchObject({ body: 'v2' });
    const plan = await agent.deploy({ image: agent.world.publish('v3', {}), ...rolling, mode: 'plan' });
    expect(plan.main.summary).toMatch(/unfinished.*would first restore agent:1/s);
    const { main } = await agent.deploy({ image: agent.world.publish('v4', bad), ...rolling });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back', revision: 'agent:1' });
    expect(agent.snapshot()).toEqual(before);
  });

  test('and whose place another user’s deployment has taken: that one stays', async () => {
    const agent = await givenAgent({ service });
    await loseRunner(agent, { image: agent.world.publish('v2', {}), ...rolling }, losses[2][1]);
    agent.world.aws.foreignDeploy(CLUSTER, SERVICE, agent.world.publish('v9', {}));
    await agent.world.clock.advance(HALF_AN_HOUR);
    const { main } = await agent.deploy({ image: agent.world.publish('v3', bad), ...rolling });
    expect(main.log).toMatch(/agent:3 was deployed after ours and was not touched/);
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back', revision: 'agent:3' });
    expect(await agent.ask()).toMatchObject({ body: 'v9' });
    expect(tagsOf(agent)).toEqual(service.tags);
  });
});
