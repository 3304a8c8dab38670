import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { Behaviour as ImageBehaviour } from '../../simulators/behaviour.ts';
import { CLOUD_RUN_SERVICE as SERVICE, seedImage } from '../../simulators/cloud-run-agent.ts';
import type { ServiceOptions } from '../../simulators/google/run/add-service.ts';
import { type JsonObject, objectAt } from '../../simulators/json.ts';
import type { ActionResult } from '../../simulators/runner.ts';
import { closeAgents } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { byName, LATEST, trafficOf, updatesOf, wantedOf, watchServices } from './watch-cloud-run.ts';

/** Something that Cloud Run does and that a real deploy tool got wrong. Numbers as in facts/simulators.md, section 4. */
interface Row {
  readonly number: number;
  readonly behaviour: string;
  readonly link: string;
  /** How the simulator stages it, in words. */
  readonly staging: string;
  readonly service?: Partial<ServiceOptions>;
  readonly image?: Partial<ImageBehaviour>;
  readonly inputs?: Readonly<Record<string, string>>;
  /** Makes what is there before; "as before" means as it is after this. */
  readonly arrange?: (agent: Agent) => unknown;
  /** Right before the action starts. */
  readonly disturb?: (agent: Agent) => unknown;
  readonly outcome: string;
  readonly annotation?: RegExp;
  readonly says?: readonly RegExp[];
  /** Versions and their shares when all is over. */
  readonly traffic: string;
  readonly asBefore: boolean;
  readonly check?: (run: Run) => void;
  /** Did the platform really show the behaviour? A row that was not staged would prove nothing. */
  readonly wasStaged: (run: Run) => boolean;
}

interface Run {
  readonly agent: Agent;
  readonly result: ActionResult;
  /** The service in each answer to the action's GET. */
  readonly seen: readonly JsonObject[];
}

const canary = { strategy: 'canary', steps: '5% for 1m', 'smoke-tests': '- GET /health' };
const pinnedToOne = { template: { revision: 'agent-one' }, traffic: [byName('agent-one', 100)] };
const settle = (agent: Agent): Promise<void> => agent.world.clock.advance(60_000);
const templateOf = (agent: Agent): JsonObject => objectAt(agent.world.google.look(SERVICE).config, 'template');

/** A template of somebody else's: under this name, with this image. */
function templateWith(agent: Agent, revision: string, image: string): JsonObject {
  const { revision: _, ...template } = templateOf(agent);
  return { ...template, revision, containers: [{ image }] };
}

/** Once, right before the n-th update, dry runs included: one, and one more after each wait for a service that is busy. */
function beforeUpdate(agent: Agent, nth: number, act: () => void): void {
  let seen = 0;
  agent.world.edge.onCall((call, when) => {
    if (call.operation !== 'run:UpdateService' || when !== 'before') return undefined;
    if (++seen === nth) act();
    return undefined;
  });
}

const rows: readonly Row[] = [
  {
    number: 30,
    behaviour: 'traffic is pinned: the new revision gets none, and the deployment ends well',
    link: 'https://github.com/google-github-actions/deploy-cloudrun/issues/202',
    staging: 'traffic is pinned to agent-one',
    service: pinnedToOne,
    outcome: 'deployed',
    traffic: 'v2 100',
    asBefore: false,
    check: ({ agent, result }) => expect(wantedOf(agent)).toEqual([byName(result.main.outputs['revision']!, 100)]),
    wasStaged: ({ seen }) =>
      objectAt({ target: (seen[0]!['traffic'] as JsonObject[])[0]! }, 'target')['revision'] === 'agent-one',
  },
  {
    number: 31,
    behaviour: 'after a deployment without traffic, later ones get none either',
    link: 'https://github.com/google-github-actions/deploy-cloudrun/issues/466',
    staging: 'somebody deployed v9 with --no-traffic',
    service: pinnedToOne,
    arrange: async (agent) => {
      agent.world.google.foreignUpdate(SERVICE, {
        template: templateWith(agent, 'agent-nine', seedImage(agent.world, 'v9')),
      });
      await settle(agent);
    },
    inputs: canary,
    outcome: 'deployed',
    traffic: 'v2 100',
    asBefore: false,
    wasStaged: ({ seen }) =>
      String(seen[0]!['latestReadyRevision']).endsWith('agent-nine') && trafficNames(seen[0]!) === 'agent-one',
  },
  {
    number: 32,
    behaviour: 'traffic still names a failed revision, and the next good deployment is told the old failure',
    link: 'https://github.com/Lore-Hex/quill-router/pull/782',
    staging: 'somebody gave 10% to a revision that crashed',
    service: pinnedToOne,
    arrange: async (agent) => {
      const crash = seedImage(agent.world, 'v9', { crash: { afterMs: 500, exitCode: 3, logs: [] } });
      const traffic = [byName('agent-one', 90), byName('agent-two', 10, 'probe')];
      agent.world.google.foreignUpdate(SERVICE, { template: templateWith(agent, 'agent-two', crash), traffic });
      await settle(agent);
    },
    inputs: canary,
    outcome: 'deployed',
    says: [
      /^::warning::The last change of .* failed: .*agent-two.* Its traffic names agent-two, which does not serve\. What serves is agent-one 100%/m,
    ],
    traffic: 'v2 100',
    asBefore: false,
    wasStaged: ({ seen }) =>
      trafficNames(seen[0]!) === 'agent-one' && JSON.stringify(seen[0]!['traffic']).includes('agent-two'),
  },
  {
    number: 33,
    behaviour:
      'the container does not listen on PORT: the operation ends in an error, the old revision goes on serving',
    link: 'https://github.com/GoogleCloudPlatform/genai-for-marketing/issues/155',
    staging: 'a container that listens after an hour',
    image: { readyAfterMs: 3_600_000 },
    outcome: 'rolled-back',
    annotation:
      /HEALTH_CHECK_CONTAINER_ERROR: The user-provided container failed to start and listen on the port.*Next step: Read the revision’s logs\. The container has to listen/,
    says: [/\| logs of agent-\d{5}-\w{3}: https:\/\/console\.cloud\.google\.com\/logs/],
    traffic: 'v1 100',
    asBefore: true,
    wasStaged: ({ seen }) =>
      seen.some((service) => objectAt(service, 'terminalCondition')['state'] === 'CONDITION_FAILED'),
  },
  {
    number: 34,
    behaviour: 'the startup probe fails',
    link: 'https://github.com/terraform-google-modules/terraform-docs-samples/pull/254',
    staging: 'a probe of /startup, which the new image answers with 500',
    arrange: async (agent) => {
      const [container] = templateOf(agent)['containers'] as JsonObject[];
      const startupProbe = { httpGet: { path: '/startup' }, periodSeconds: 5, failureThreshold: 3 };
      agent.world.google.foreignUpdate(SERVICE, {
        template: { ...templateOf(agent), containers: [{ ...container, startupProbe }] },
      });
      await settle(agent);
    },
    image: { answers: { '/startup': { status: 500 } } },
    inputs: canary,
    outcome: 'rolled-back',
    annotation: /the user-provided container failed the configured startup probe checks/i,
    traffic: 'v1 100',
    asBefore: true,
    wasStaged: ({ seen }) => JSON.stringify(seen[0]).includes('/startup'),
  },
  {
    number: 35,
    behaviour: 'a revision’s name stands for one content: sending it with another is refused',
    link: 'https://github.com/googleapis/google-cloud-python/issues/14259',
    staging: 'the template has the name that somebody gave it',
    service: { template: { revision: 'agent-one' } },
    inputs: canary,
    outcome: 'deployed',
    traffic: 'v2 100',
    asBefore: false,
    wasStaged: ({ agent, seen }) => {
      const again = (): void =>
        agent.world.google.foreignUpdate(SERVICE, {
          template: templateWith(agent, 'agent-one', seedImage(agent.world, 'v9')),
        });
      expect(again).toThrow(/different configuration already exists/);
      return objectAt(seen[0]!, 'template')['revision'] === 'agent-one';
    },
  },
  {
    number: 36,
    behaviour: 'traffic to a deleted revision fails with code 13',
    link: 'https://github.com/terraform-google-modules/terraform-docs-samples/pull/269',
    staging: 'the revision that a tag names was deleted',
    service: { template: { revision: 'agent-one' }, traffic: [...LATEST, byName('agent-one', 0, 'old')] },
    arrange: async (agent) => {
      agent.world.google.foreignDeploy(SERVICE, seedImage(agent.world, 'v9'));
      await settle(agent);
      agent.world.google.deleteRevision(SERVICE, 'agent-one');
    },
    outcome: 'refused',
    annotation:
      /its traffic names agent-one, which was deleted.*Next step: Take it out of the traffic: gcloud run services update-traffic agent --region \S+ --project \S+ --remove-tags old\./,
    traffic: 'v9 100',
    asBefore: true,
    wasStaged: ({ agent }) =>
      agent.world.edge.calls.some(({ operation, status }) => operation === 'run:GetRevision' && status === 404),
  },
  {
    number: 37,
    behaviour: 'an etag that is no longer the newest: ABORTED, 409',
    link: 'https://github.com/aip-dev/google.aip.dev/pull/705',
    staging: 'somebody changes the description between our read and our update, twice',
    disturb: (agent) => {
      beforeUpdate(agent, 1, () => agent.world.google.foreignUpdate(SERVICE, { description: 'during the dry run' }));
      beforeUpdate(agent, 4, () => agent.world.google.foreignUpdate(SERVICE, { description: 'one' }));
      beforeUpdate(agent, 6, () => agent.world.google.foreignUpdate(SERVICE, { description: 'two' }));
    },
    inputs: canary,
    outcome: 'deployed',
    traffic: 'v2 100',
    asBefore: false,
    check: ({ agent }) => expect(agent.world.google.look(SERVICE).config['description']).toBe('two'),
    wasStaged: ({ agent }) =>
      agent.world.edge.calls.filter(({ operation, status }) => operation === 'run:UpdateService' && status === 409)
        .length === 2,
  },
  {
    number: 38,
    behaviour: 'two deployments at once: "the latest" is now somebody else’s revision',
    link: 'https://github.com/google-github-actions/deploy-cloudrun/pull/556',
    staging: 'another user deploys v3 while ours is analyzed at 5%',
    disturb: (agent) => {
      const image = seedImage(agent.world, 'v3');
      const stop = agent.world.clock.every(500, async () => {
        if (trafficOf(agent) !== 'v1 95, v2 5') return;
        stop();
        agent.world.google.foreignDeploy(SERVICE, image);
      });
    },
    inputs: canary,
    outcome: 'superseded',
    annotation: /another revision was deployed after ours.*Next step: .*`concurrency`/,
    says: [/agent-00005-\w+ was deployed after ours and was not touched/],
    // Ours leaves the traffic; theirs gets it when they say so, as they did not when they deployed.
    traffic: 'v1 100',
    asBefore: false,
    check: ({ agent }) => expect(JSON.stringify(templateOf(agent))).toContain(seedImage(agent.world, 'v3')),
    wasStaged: ({ seen }) => seen.some((service) => String(service['latestCreatedRevision']).includes('agent-00005')),
  },
  {
    number: 39,
    behaviour: 'a change of the traffic alone, without another image',
    link: 'https://github.com/google-github-actions/deploy-cloudrun/issues/537',
    staging: 'v2 is there already, at 0%',
    arrange: async (agent) => agent.deploy({ image: agent.world.publish('v2', {}), traffic: '0' }),
    inputs: canary,
    outcome: 'deployed',
    says: [/^traffic agent-00001-\w+ 100% -> agent-\d{5}-\w{3} 100%$/m],
    traffic: 'v2 100',
    asBefore: false,
    check: ({ agent }) => expect(updatesOf(agent).filter(({ mask }) => mask.includes('template'))).toHaveLength(1),
    wasStaged: ({ seen }) => !trafficNames(seen[0]!).includes(String(objectAt(seen[0]!, 'template')['revision'])),
  },
  {
    number: 40,
    behaviour: 'the change was taken, and reads still show the state before it; then it reconciles for minutes',
    link: 'https://docs.cloud.google.com/ruby/docs/reference/google-cloud-run-v2/latest/Google-Cloud-Run-V2-Condition-State',
    staging: 'reads are 8 s late, and pulling takes 3 minutes',
    service: { staging: { staleReadsMs: 8_000, pullMs: 180_000 } },
    inputs: canary,
    outcome: 'deployed',
    traffic: 'v2 100',
    asBefore: false,
    wasStaged: ({ seen, agent }) => {
      const sent = agent.world.edge.calls.filter(({ operation }) => operation === 'run:UpdateService').length;
      const lags = seen.some(
        (service) =>
          service['reconciling'] === true && Number(service['observedGeneration']) < Number(service['generation']),
      );
      const generations = seen.map((service) => Number(service['generation']));
      return sent > 4 && lags && generations.filter((generation) => generation === generations[0]).length > 6;
    },
  },
];

let passed = 0;
afterEach(closeAgents);
afterAll(() => void process.stdout.write(`${passed} of ${rows.length} behaviours of Cloud Run\n`));

function trafficNames(service: JsonObject): string {
  const statuses = service['trafficStatuses'] as JsonObject[];
  return statuses
    .filter(({ percent }) => Number(percent ?? 0) > 0)
    .map(({ revision }) => String(revision))
    .join();
}

describe('what Cloud Run does and real tools got wrong', () => {
  test.each(rows.map((row) => [row.number, row.behaviour, row.outcome, row] as const))(
    '%i. %s: %s',
    async (_number, _behaviour, _outcome, row) => {
      const agent = await givenCloudRun(row.service ? { service: row.service } : {});
      await row.arrange?.(agent);
      const image = agent.world.publish('v2', row.image ?? {});
      const before = agent.snapshot();
      await row.disturb?.(agent);
      const seen = watchServices(agent);
      const result = await agent.deploy({ image, 'smoke-tests': '- GET /health', ...row.inputs });
      const run = { agent, result, seen };
      expectEnd(row, run);
      if (row.asBefore) expect(agent.snapshot()).toEqual(before);
      row.check?.(run);
      expect({ staging: row.staging, wasStaged: row.wasStaged(run) }).toEqual({
        staging: row.staging,
        wasStaged: true,
      });
      passed++;
    },
  );
});

function expectEnd(row: Row, { agent, result }: Run): void {
  const { main, post } = result;
  const annotations = main.log.split('\n').filter((line) => line.startsWith('::error'));
  const isGreen = row.outcome === 'deployed';
  expect({ outcome: main.outputs['outcome'], annotations }).toEqual({
    outcome: row.outcome,
    annotations: isGreen ? [] : [expect.stringMatching(row.annotation ?? /Next step: /)],
  });
  expect([main.exitCode, post.exitCode, post.summary]).toEqual([isGreen ? 0 : 1, 0, '']);
  for (const text of row.says ?? []) expect(main.log).toMatch(text);
  expect(trafficOf(agent)).toBe(row.traffic);
}
