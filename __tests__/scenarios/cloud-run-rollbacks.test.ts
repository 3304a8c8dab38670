import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { IMAGE_PATH, CLOUD_RUN_SERVICE as SERVICE, seedImage } from '../../simulators/cloud-run-agent.ts';
import type { JsonObject } from '../../simulators/json.ts';
import { closeAgents } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { byName, LATEST, trafficOf, updatesOf, wantedOf } from './watch-cloud-run.ts';

afterEach(closeAgents);

const smokeTests = '- GET /health: { retry-for: 5s }';
const canary = { strategy: 'canary', steps: '5% for 2m', 'smoke-tests': smokeTests };
const rolling = { 'smoke-tests': smokeTests };
const bad: Partial<Behaviour> = { answers: { '/health': { status: 500, body: 'no' } } };
const revisionsOf = ({ world }: Agent) => world.google.look(SERVICE).revisions.map(({ id }) => id);

describe('a deployment that can’t end', () => {
  async function givenStuck(inputs: Readonly<Record<string, string>> = {}): Promise<Agent> {
    const agent = await givenCloudRun({ service: { staging: { stuck: true } } });
    const image = agent.world.publish('v2', {});
    const { main } = await agent.deploy({ image, ...canary, timeout: '1m', 'on-failure': 'keep', ...inputs });
    expect(main.outputs['outcome']).toBe('kept');
    agent.world.google.setService(SERVICE, { stuck: false });
    return agent;
  }

  // A rolling deployment has no tag by which it could be known.
  test.each([
    ['canary', {}],
    ['rolling', { strategy: 'rolling', steps: '', 'environment-variables': 'FROM: v2' }],
  ])('and that a run of ours left is replaced at once (%s), with what serves as the base', async (_, inputs) => {
    const agent = await givenStuck(inputs);
    const at = agent.world.clock.now();
    const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), ...rolling });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(main.log).toMatch(
      /agent-\d{5}-\w{3} is not ready \(PENDING\), and no run waits for it\. This deployment replaces it\./,
    );
    expect(agent.world.clock.now() - at).toBeLessThan(60_000);
    expect([trafficOf(agent), wantedOf(agent)]).toEqual(['v3 100', LATEST]);
    const { annotations, template } = agent.world.google.look(SERVICE).config;
    expect([annotations, JSON.stringify(template)]).toEqual([undefined, expect.not.stringContaining('FROM')]);
  });

  test('is replaced by one that fails: the rollback restores what serves', async () => {
    const agent = await givenStuck();
    const { main } = await agent.deploy({ image: agent.world.publish('v3', bad), ...rolling });
    expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
    expect(trafficOf(agent)).toBe('v1 100');
  });

  test('and whose canary is kept does not block the fix', async () => {
    const agent = await givenCloudRun();
    const turnsBad = agent.world.publish('v2', { unhealthyAfterMs: 40_000 });
    await agent.deploy({ image: turnsBad, ...canary, 'on-failure': 'keep' });
    expect(trafficOf(agent)).toBe('v1 95, v2 5');
    const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), ...canary });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(trafficOf(agent)).toBe('v3 100');
  });

  test.each([
    ['is waited for as long as a start may take', 60_000, {}, 'refused', 'another deployment is in progress'],
    ['fails with the input’s name', 400_000, {}, 'refused', 'Set `on-stuck: replace`'],
    ['is replaced with `on-stuck: replace`', 400_000, { 'on-stuck': 'replace' }, 'deployed', 'replaces it'],
  ])('and that another user started %s', async (_, ageMs, inputs, outcome, says) => {
    const agent = await givenCloudRun({ service: { staging: { stuck: true } } });
    agent.world.google.foreignDeploy(SERVICE, seedImage(agent.world, 'v3'));
    agent.world.google.setService(SERVICE, { stuck: false });
    await agent.world.clock.advance(ageMs);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...rolling, timeout: '1m', ...inputs });
    expect(main.outputs['outcome']).toBe(outcome);
    expect(main.log).toContain(says);
  });
});

describe('what a rollback would need', () => {
  test('is checked first: an image that was deleted is named, in mode plan too', async () => {
    const agent = await givenCloudRun();
    agent.world.artifactRegistry.forget(`${agent.world.google.project}/${IMAGE_PATH}`);
    for (const mode of ['deploy', 'plan']) {
      const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary, mode });
      expect(main.outputs['outcome']).toBe('refused');
      expect(main.log).toMatch(/could not guarantee a rollback of service agent.* is not in the registry any more/);
    }
    expect(updatesOf(agent)).toEqual([]);
    const forced = { ...canary, 'allow-no-rollback': 'true' };
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...forced });
    expect(main.outputs['outcome']).toBe('deployed');
  });

  test('a revision in the traffic that was deleted is an obstacle that may be passed', async () => {
    const agent = await givenCloudRun({ service: { template: { revision: 'agent-zero' } } });
    agent.world.google.foreignUpdate(SERVICE, {
      template: { containers: [{ image: seedImage(agent.world, 'v1b') }], revision: 'agent-one' },
      traffic: [byName('agent-zero', 50), byName('agent-one', 50)],
    } as JsonObject);
    await agent.world.clock.advance(60_000);
    agent.world.google.deleteRevision(SERVICE, 'agent-zero');
    const given = { image: agent.world.publish('v2', {}), ...rolling, base: 'latest' };
    const { main } = await agent.deploy(given);
    expect(main.outputs['outcome']).toBe('refused');
    expect(main.log).toContain('its traffic names agent-zero, which was deleted');
    const forced = await agent.deploy({ ...given, 'allow-no-rollback': 'true' });
    expect(forced.main.outputs['outcome']).toBe('deployed');
  });
});

describe('a rollback', () => {
  test('moves the traffic at once where the previous template can’t be read, and the template when it can', async () => {
    const agent = await givenCloudRun();
    const before = agent.snapshot();
    let [isKilled, failures] = [false, 0];
    const onMainStart = (child: { kill(signal: NodeJS.Signals): boolean }): void => {
      agent.world.edge.onCall(({ operation }, when) => {
        if (isKilled || operation !== 'workload:GET /health' || when !== 'after') return;
        isKilled = true;
        child.kill('SIGKILL');
      });
    };
    agent.world.edge.onCall(({ operation }, when) => {
      if (!isKilled || operation !== 'run:GetRevision' || when !== 'before' || failures >= 10) return undefined;
      failures += 1;
      return 'drop';
    });
    const image = agent.world.publish('v2', {});
    const { post } = await agent.deploy({ image, ...canary }, { onMainStart });
    expect(post.summary).toContain('`rolled-back`');
    expect(failures).toBe(10);
    expect(agent.snapshot()).toEqual(before);
    const masks = updatesOf(agent).map(({ mask }) => mask);
    expect(masks.slice(1)).toEqual([
      // Its tag.
      'traffic,annotations',
      'traffic,annotations',
      'template,labels,traffic,annotations',
      'traffic,annotations',
    ]);
  });

  test('tells in seconds that the previous revision can’t serve any more', async () => {
    const agent = await givenCloudRun({ service: { staging: { routeMs: 90_000 } } });
    const [previous] = revisionsOf(agent);
    const image = agent.world.publish('v2', bad);
    let rollsBackAt = 0;
    agent.world.edge.onCall((call, when) => {
      if (call.operation === 'workload:GET /health' && when === 'after' && rollsBackAt === 0) {
        rollsBackAt = agent.world.clock.now();
        agent.world.google.addCondition(SERVICE, previous!, {
          ...{
            type: 'ContainerHealthy',
            state: 'CONDITION_FAILED',
            reason: 'CONTAINER_MISSING',
            message: 'Image gone.',
          },
        });
      }
      return undefined;
    });
    const { main } = await agent.deploy({ image, ...canary });
    expect(main.log).toMatch(/is being restored and is not ready \(CONTAINER_MISSING: Image gone\.\)/);
  });
});

describe('an update whose answer never came', () => {
  test.each([
    ['rolling', rolling],
    ['a canary', canary],
  ])('and that arrives minutes after the run has ended is refused: %s', async (_, inputs) => {
    const agent = await givenCloudRun();
    const before = agent.snapshot();
    const late = { kind: 'delay', ms: 400_000 } as const;
    agent.world.edge.faults.add({ operation: /^run:UpdateService$/, nth: 3, when: 'before', act: late });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs, timeout: '10s' });
    expect(main.outputs['outcome']).toBe('refused');
    expect(main.log).toContain('can no longer take effect');
    expect(agent.snapshot()).toEqual(before);
    await agent.world.clock.advance(900_000);
    expect(agent.snapshot()).toEqual(before);
    expect(agent.world.edge.calls.filter(({ status }) => status === 409).length).toBeGreaterThan(0);
  });

  test('because it was refused needs no fence: the service is not touched', async () => {
    const agent = await givenCloudRun();
    agent.world.edge.faults.add({
      ...{ operation: /^run:UpdateService$/, nth: 3, when: 'before' },
      act: {
        kind: 'status',
        status: 400,
        body: JSON.stringify({ error: { code: 400, status: 'INVALID_ARGUMENT', message: 'no' } }),
      },
    });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...canary });
    expect(main.outputs['outcome']).toBe('refused');
    expect(agent.world.google.look(SERVICE).generation).toBe(1);
  });
});
