import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { GitHubRestApi } from '../../simulators/github/rest-api.ts';
import { closeAgents, givenAgent as givenEcs } from './agent.ts';
import { openGitHubCheck } from './check-github.ts';
import { givenCloudRun as givenRun } from './cloud-run-agent.ts';
import { givenApp as givenContainerApp } from './container-apps-agent.ts';
import { deployBeside } from './deploy-beside.ts';
import { mutations, refuseAlike } from './refusal.ts';

const github = openGitHubCheck();
afterEach(closeAgents);
afterEach(() => expect(github.takeContradictions()).toEqual([]));
afterAll(() => expect(github.operations).toContain('CompareCommits'));

const TOKEN = 'ghs_simulatedJobToken0123456789';
/** That of the job, unless it says otherwise. */
const OURS = '9fceb02d0ae598e95dc970b74767f19372d61af8';
const NEWER = '2222222222222222222222222222222222222222';
const OLDER = '1111111111111111111111111111111111111111';
const BESIDE = '3333333333333333333333333333333333333333';
const NEWER_RUN = 'https://github.com/acme/agent/actions/runs/4712';
const BROKEN = { answers: { '/health': { status: 500, body: 'no' } } };

const strict = { 'github-token': TOKEN, environment: 'production', 'older-commit': 'refuse' };
const recording = { 'github-token': TOKEN, 'github-deployment': 'production' };
const healthy = { 'smoke-tests': '- GET /health: { retry-for: 5s }' };

const givenAgent = async () => withHistory(github.watch(await givenEcs()));
const givenCloudRun = async () => withHistory(github.watch(await givenRun()));
const givenApp = async () => withHistory(github.watch(await givenContainerApp()));

function withHistory<A extends Agent>(agent: A): A {
  const { gitHubApi } = agent.world;
  gitHubApi.commits.set(OLDER, []).set(OURS, [OLDER]).set(NEWER, [OURS]).set(BESIDE, [OLDER]);
  gitHubApi.grant(TOKEN, 'contents', 'deployments');
  return agent;
}

/** As the runner records it for a job of another run, which has ended well. */
function recordJob(api: GitHubRestApi, { sha = NEWER, address = '', ref = 'main', run = NEWER_RUN } = {}): void {
  api.endJob(api.deployForJob('production', sha, run, { ref }), address);
}

const asked = ({ world }: Agent): readonly string[] =>
  world.edge.calls.map(({ operation }) => operation).filter((name) => name.startsWith('github:'));
const annotations = (log: string, kind: string): readonly string[] =>
  log.split('\n').filter((line) => line.startsWith(`::${kind}`) && !line.includes('no smoke tests'));

describe('a commit that is older than the one that is deployed', () => {
  test.each([
    ['Amazon ECS', givenAgent],
    ['Cloud Run', givenCloudRun],
  ] as const)('is refused on %s before anything is changed, and in a plan', async (_, given) => {
    const verdict = await refuseAlike({
      name: 'older',
      async arrange() {
        const agent = await given();
        // Read access is enough.
        agent.world.gitHubApi.grant(TOKEN, 'contents', 'deployments:read');
        recordJob(agent.world.gitHubApi);
        return agent;
      },
      inputs: strict,
      code: 'OLDER_COMMIT',
      says: [
        'could not deploy commit 9fceb02d0ae5 to production: it is older than commit 222222222222, deployed at 20',
        `by ${NEWER_RUN}`,
        'run this job again, or start the workflow by workflow_dispatch',
      ],
      ensureUntouched: (agent) => expect(mutations(agent)).toEqual([]),
    });
    expect(verdict).toBe('alike');
  });

  test.each([
    ['Amazon ECS', givenAgent, /^ecs:UpdateService$/],
    ['Container Apps', givenApp, /ContainerApps_Update$/],
  ] as const)('is refused on %s when the newer one was deployed while this run waited', async (_, given, operation) => {
    for (const [image, outcome] of [
      [{}, 'refused'],
      [BROKEN, 'deployed'],
    ] as const) {
      const agent = await given();
      const images = { first: agent.world.publish('v2', image), second: agent.world.publish('v3', {}) };
      const { first, second } = await deployBeside(
        agent,
        { image: images.first, ...healthy, ...recording },
        { image: images.second, ...healthy, ...recording },
        { operation, when: 'before', secondEnv: { GITHUB_SHA: OLDER, GITHUB_RUN_ID: '4710' } },
      );
      expect(first.outputs['outcome']).toBe(outcome === 'refused' ? 'deployed' : 'rolled-back');
      expect(second.outputs['outcome']).toBe(outcome);
      expect(await agent.ask('/')).toMatchObject({ body: outcome === 'refused' ? 'v2' : 'v3' });
      if (outcome === 'deployed') continue;
      expect(second.log).toContain('could not deploy commit 111111111111 to production: it is older than commit 9fce');
      expect(agent.world.gitHubApi.deployments.at(-1)!.statuses.at(-1)).toMatchObject({ state: 'failure' });
    }
  });

  test('is refused when the newer one was deployed while its image was copied', async () => {
    const agent = await givenAgent();
    const { edge, gitHubApi } = agent.world;
    const operation = /^registry:PUT /;
    edge.faults.add({ operation, nth: 1, when: 'before', act: { kind: 'delay', ms: 12_000 } });
    edge.onCall(async (call) => {
      if (operation.test(call.operation) && gitHubApi.deployments.length === 0) recordJob(gitHubApi);
    });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...strict });
    expect(main.outputs['outcome']).toBe('refused');
  });

  test('is deployed with one warning by a job that is run again', async () => {
    const env = { GITHUB_RUN_ATTEMPT: '2' };
    const agent = await givenAgent();
    recordJob(agent.world.gitHubApi);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...healthy, ...strict }, { env });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(annotations(main.log, 'warning')).toEqual([
      expect.stringMatching(
        'Commit 9fceb02d0ae5 is older than commit 222222222222, deployed at .* all the same, as this job was run again',
      ),
    ]);
  });

  test('is refused without the input where this action has recorded the newer one for the same service', async () => {
    const agent = await givenAgent();
    const env = { GITHUB_SHA: NEWER, GITHUB_RUN_ID: '4712' };
    await agent.deploy({ image: agent.world.publish('v2', {}), ...healthy, ...recording }, { env });
    const image = agent.world.publish('v3', {});
    const refused = await agent.deploy({ image, ...healthy, ...recording });
    expect(refused.main.outputs['outcome']).toBe('refused');
    const warned = await agent.deploy({ image, ...healthy, ...recording, 'older-commit': 'warn' });
    expect(warned.main.outputs['outcome']).toBe('deployed');
    expect(annotations(warned.main.log, 'warning')).toHaveLength(1);
    const before = asked(agent).length;
    const allowed = { ...strict, 'older-commit': 'allow' };
    const { main } = await agent.deploy({ image: agent.world.publish('v4', {}), ...healthy, ...allowed });
    expect([main.outputs['outcome'], annotations(main.log, 'warning')]).toEqual(['deployed', []]);
    expect(asked(agent).length).toBe(before);
  });
});

describe('a commit is not refused, without a word,', () => {
  const url = 'https://another.example.com/';
  test.each([
    ['that is the same', { sha: OURS }],
    ['that is newer', { sha: OLDER }],
    ['of another branch', { sha: BESIDE }],
    ['where only a plan of a pull request has the environment', { ref: 'refs/pull/7/merge' }],
    ['where only another address of the environment has the newer one', { address: url }],
    ['where this run has the newer one', { run: 'https://github.com/acme/agent/actions/runs/4711' }],
  ])('%s', async (_, record) => {
    const agent = await givenAgent();
    recordJob(agent.world.gitHubApi, record);
    const { 'older-commit': _policy, ...inputs } = strict;
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), mode: 'plan', ...inputs });
    expect(main.outputs['outcome']).toBe('planned');
    expect([annotations(main.log, 'warning'), annotations(main.log, 'notice')]).toEqual([[], []]);
    expect(asked(agent).length).toBeLessThanOrEqual(6);
  });
});

describe('what is deployed can not be known', () => {
  test.each([
    ['the token may not compare commits', ['deployments'], {}, 'Add `contents: read`'],
    ['the token may not read deployments', ['contents'], {}, 'Add `deployments: read`'],
    ['the commit is not in the repository', ['contents', 'deployments'], { GITHUB_SHA: '4'.repeat(40) }, 'status 404'],
  ] as const)('where %s: one notice if it was asked for, and it is not refused', async (_, permissions, env, said) => {
    const agent = await givenAgent();
    agent.world.gitHubApi.grant(TOKEN, ...permissions);
    recordJob(agent.world.gitHubApi);
    const plan = { image: agent.world.publish('v2', {}), mode: 'plan', ...strict };
    const loud = await agent.deploy(plan, { env });
    const quiet = await agent.deploy({ ...plan, 'older-commit': '' }, { env });
    expect([loud.main.outputs['outcome'], quiet.main.outputs['outcome']]).toEqual(['planned', 'planned']);
    expect(annotations(loud.main.log, 'notice')).toEqual([expect.stringContaining(said)]);
    expect(annotations(quiet.main.log, 'notice')).toEqual([]);
  });

  test.each(['hang', 'drop'] as const)(
    'where GitHub does not answer (%s): seconds later it is deployed',
    async (kind) => {
      const agent = await givenAgent();
      const { clock, edge } = agent.world;
      const startedAt = clock.now();
      await agent.deploy({ image: agent.world.publish('v2', {}), ...healthy });
      const usual = clock.now() - startedAt;
      edge.faults.add({ operation: /^github:/, when: 'before', act: { kind } });
      const before = clock.now();
      const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), ...healthy, ...strict });
      expect(main.outputs['outcome']).toBe('deployed');
      expect(annotations(main.log, 'notice')).toHaveLength(1);
      expect(clock.now() - before).toBeLessThan(usual + 15_000);
    },
  );

  test('without a token, which a notice says', async () => {
    const agent = await givenAgent();
    const image = agent.world.publish('v2', {});
    const { main } = await agent.deploy({ image, mode: 'plan', 'older-commit': 'refuse' });
    expect(annotations(main.log, 'notice')).toEqual([expect.stringContaining('the input `github-token` is missing')]);
    expect(asked(agent)).toEqual([]);
  });
});
