import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { GitHubRestApi } from '../../simulators/github/rest-api.ts';
import { textAt } from '../../simulators/json.ts';
import { closeAgents, givenAgent as givenEcs } from './agent.ts';
import { openGitHubCheck } from './check-github.ts';
import { givenCloudRun as givenRun } from './cloud-run-agent.ts';

const folders: string[] = [];
afterEach(closeAgents);
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const github = openGitHubCheck();
afterEach(() => expect(github.takeContradictions()).toEqual([]));

const givenAgent = async (...given: Parameters<typeof givenEcs>) => github.watch(await givenEcs(...given));
const givenCloudRun = async () => github.watch(await givenRun());

const TOKEN = 'ghs_simulatedJobToken0123456789';
const COMMIT = '9fceb02d0ae598e95dc970b74767f19372d61af8';
const PREVIOUS = '1111111111111111111111111111111111111111';
const OTHER = '2222222222222222222222222222222222222222';
const RUN_URL = 'https://github.com/acme/agent/actions/runs/4711';
const BROKEN = { answers: { '/predict': { status: 500, body: 'no weights' } } };

const notify = ({ world }: Agent, more = ''): string =>
  `- slack: ${world.chat.slackUrl}\n  on: [started, failed, succeeded]\n- webhook: ${world.chat.otherUrl}\n  on: [started, failed, succeeded]\n${more}`;

async function givenEvent(name: string, event: object): Promise<Record<string, string>> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'event-'));
  folders.push(folder);
  const file = path.join(folder, 'event.json');
  await writeFile(file, JSON.stringify(event));
  return { GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: file };
}

const pullRequest = (number: number, sha = PREVIOUS) =>
  givenEvent('pull_request', { pull_request: { number, head: { sha, repo: { full_name: 'acme/agent' } } } });

const noticesOf = (log: string): readonly string[] => log.match(/^::notice.*$/gm) ?? [];

describe('chats', () => {
  test('are told that a deployment starts and that it went well, each in its form', async () => {
    const agent = await givenAgent();
    const image = agent.world.publish('v2', {});
    const { main } = await agent.deploy({ image, 'smoke-tests': '- GET /', notify: notify(agent) });
    const { slack, other } = agent.world.chat;
    expect(main.outputs['outcome']).toBe('deployed');
    expect(slack.map((message) => textAt(message, 'text'))).toEqual([
      expect.stringContaining('Deployment of agent started'),
      expect.stringContaining('Deployed agent · '),
    ]);
    expect(other).toMatchObject([
      { version: 1, event: 'started', outcome: null, repository: 'acme/agent', commit: COMMIT },
      {
        ...{ event: 'succeeded', outcome: 'deployed', revision: 'agent:2', previousRevision: 'agent:1', cause: null },
        ...{ url: agent.url, runUrl: `${RUN_URL}/attempts/1` },
      },
    ]);
    expect(noticesOf(main.log)).toEqual([]);
  });

  test('are told why one failed, also by the post step after a cancel', async () => {
    const agent = await givenAgent();
    const failing = agent.world.publish('v3', BROKEN);
    await agent.deploy({ image: failing, 'smoke-tests': '- GET /predict', notify: notify(agent) });
    expect(agent.world.chat.other.at(-1)).toMatchObject({
      event: 'failed',
      outcome: 'rolled-back',
      cause: expect.stringContaining('no weights'),
    });

    const image = agent.world.publish('v4', {});
    await agent.deploy(
      { image, 'smoke-tests': '- GET /', notify: notify(agent) },
      { onMainStart: agent.cancelMain(20_000) },
    );
    expect(agent.world.chat.other.at(-1)).toMatchObject({
      event: 'failed',
      outcome: 'rolled-back',
      cause: 'the job was cancelled (SIGINT)',
    });
    expect(agent.world.chat.slack.at(-1)).toMatchObject({
      text: expect.stringContaining('rolled back: the previous revision of agent was restored'),
    });
  });

  test('are told of a deployment that was refused, and not of a plan', async () => {
    const agent = await givenAgent();
    const inputs = { 'smoke-tests': '- GET /', notify: notify(agent) };
    await agent.deploy({ image: agent.world.publish('v2', {}), mode: 'plan', ...inputs });
    expect(agent.world.chat.other).toEqual([]);
    await agent.deploy({ image: 'ghcr.io/acme/agent:missing', ...inputs });
    expect(agent.world.chat.other).toMatchObject([
      { event: 'failed', outcome: 'refused', image: 'ghcr.io/acme/agent:missing' },
    ]);
  });

  test('get what a template says, once they take it', async () => {
    const agent = await givenAgent();
    const { chat, edge } = agent.world;
    for (const nth of [1, 2])
      edge.faults.add({
        operation: /^chat:Post$/,
        nth,
        when: 'before',
        act: { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
      });
    const template = `- webhook: ${chat.otherUrl}\n  body: { content: "{headline}: {revision}", allowed_mentions: { parse: [] } }`;
    const image = agent.world.publish('v2', {});
    const { main } = await agent.deploy({ image, notify: template });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(chat.other).toEqual([
      {
        content: expect.stringMatching(/^✅ Deployed agent · \S+( \S+)?: agent:2$/),
        allowed_mentions: { parse: [] },
      },
    ]);
    expect(noticesOf(main.log)).toEqual([]);
  });

  test.each([
    ['are gone', { kind: 'status', status: 404, body: 'no_service' } as const, 'status 404: no_service'],
    ['break off', { kind: 'drop' } as const, 'could not reach hooks.slack.com'],
    ['never answer', { kind: 'hang' } as const, 'no answer within'],
  ])('that %s take one notice each and no more than seconds, and harm nothing', async (_what, fault, said) => {
    const agent = await givenAgent();
    const { clock, edge, chat } = agent.world;
    const quiet = await agent.deploy({ image: agent.world.publish('v2', {}) });
    const startedAt = clock.now();
    edge.faults.add({ operation: /^slack:Post$/, when: 'before', act: fault });
    const slack = `- slack: ${chat.slackUrl}\n  on: [started, succeeded]`;
    const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), notify: slack });
    expect([quiet.main.outputs['outcome'], main.outputs['outcome'], main.exitCode]).toEqual([
      'deployed',
      'deployed',
      0,
    ]);
    const notices = noticesOf(main.log);
    expect(notices).toHaveLength(2);
    for (const notice of notices) expect(notice).toContain(said);
    expect(main.log.replace(/^::add-mask.*$/gm, '')).not.toContain('simulatedSecret');
    expect(clock.now() - startedAt).toBeLessThan(120_000);
  });

  test('with a wrong entry are refused before anything is sent, without the address', async () => {
    const agent = await givenAgent();
    const image = agent.world.publish('v2', {});
    const wrong =
      '- slak: https://hooks.slack.com/services/T0/B0/secret123456\n- slack: http://hooks.slack.com/secret123456\n- slack:\n- webhook: https://169.254.169.254/secret123456\n- webhook: https://chat.example/x\n  body: { content: "{headlin}" }\n  on: [done]';
    const { main } = await agent.deploy({ image, notify: wrong, 'github-check': 'check' });
    expect(main.exitCode).toBe(1);
    for (const said of [
      'notify[0]: unknown key "slak": did you mean "slack"?',
      'notify[1]: slack: expected an https URL',
      'notify[2]: slack is required (the value is empty)',
      'notify[3]: webhook: could not request 169.254.169.254',
      'notify[4]: body: unknown placeholder {headlin}: did you mean {headline}?',
      'notify[4]: on: expected a list of started, failed, succeeded',
      'github-check: got a value; expected nothing while there is no github-token',
    ]) {
      expect(main.log).toContain(said);
    }
    expect(main.log).not.toContain('secret123456');
    expect(agent.world.edge.calls).toEqual([]);
  });
});

describe('GitHub', () => {
  const inputs = { 'github-token': TOKEN, 'github-deployment': 'production' };

  test('has the deployment while it is in progress and when it is done, with its address and log', async () => {
    const agent = await givenAgent();
    agent.world.gitHubApi.grant(TOKEN, 'deployments');
    await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs });
    const [deployment, ...others] = agent.world.gitHubApi.deployments;
    expect(others).toEqual([]);
    expect(deployment).toMatchObject({ environment: 'production', sha: COMMIT });
    expect(deployment!.statuses).toMatchObject([
      { state: 'in_progress', log_url: `${RUN_URL}/attempts/1`, environment_url: '' },
      { state: 'success', log_url: `${RUN_URL}/attempts/1`, environment_url: agent.url },
    ]);
  });

  test('has the end of one that was cancelled from the post step', async () => {
    const agent = await givenAgent();
    agent.world.gitHubApi.grant(TOKEN, 'deployments');
    const image = agent.world.publish('v2', {});
    await agent.deploy({ image, ...inputs }, { onMainStart: agent.cancelMain(20_000) });
    const [deployment, ...others] = agent.world.gitHubApi.deployments;
    expect(others).toEqual([]);
    expect(deployment!.statuses.map((status) => status['state'])).toEqual(['in_progress', 'failure']);
  });

  test('has the end of a deployment, and of a check, also if it could not take a part of them at first', async () => {
    const agent = await givenAgent();
    const { gitHubApi, edge } = agent.world;
    gitHubApi.grant(TOKEN, 'deployments', 'checks');
    const failing = { when: 'before', act: { kind: 'status', status: 502 } } as const;
    // The first status is never taken; what ends the run is taken when it is sent again.
    for (const nth of [1, 2, 3]) edge.faults.add({ operation: /^github:CreateStatus$/, ...failing, nth });
    edge.faults.add({ operation: /^github:UpdateCheck$/, ...failing, nth: 1 });
    const { main } = await agent.deploy({
      ...{ image: agent.world.publish('v2', {}), ...inputs, 'github-check': 'check' },
    });
    expect(noticesOf(main.log)).toEqual([expect.stringContaining('could not record the deployment: status 502')]);
    expect(gitHubApi.deployments).toMatchObject([{ statuses: [{ state: 'success' }] }]);
    expect(gitHubApi.checks).toMatchObject([{ status: 'completed', conclusion: 'success' }]);
  });

  test.each([
    [429, { 'retry-after': '60' }, 'You have exceeded a secondary rate limit', 'after 60 seconds'],
    [403, { 'x-ratelimit-remaining': '0' }, 'API rate limit exceeded for installation ID 7.', 'takes no more requests'],
    [403, {}, 'Unable to create comment because issue is locked.', 'not affected'],
    [403, {}, 'Resource not accessible by integration', 'Add `deployments: write`'],
  ])(
    'that refuses (%i %j %s) is explained: by a permission only where one is missing',
    async (status, headers, message, hint) => {
      const agent = await givenAgent();
      const { gitHubApi, edge } = agent.world;
      gitHubApi.grant(TOKEN, 'deployments');
      const body = JSON.stringify({ message });
      edge.faults.add({
        ...{ operation: /^github:CreateDeployment$/, when: 'before' },
        act: { kind: 'status', status, headers: { 'content-type': 'application/json', ...headers }, body },
      });
      const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs });
      expect(main.outputs['outcome']).toBe('deployed');
      const [notice, ...others] = noticesOf(main.log);
      expect(others).toEqual([]);
      expect(notice).toContain(`status ${status}: ${message}`);
      expect(notice).toContain(hint);
      expect(notice!.includes('permissions')).toBe(message.startsWith('Resource'));
    },
  );

  test('gets no second deployment where the environment of the job has made one', async () => {
    const agent = await givenAgent();
    const { gitHubApi } = agent.world;
    gitHubApi.grant(TOKEN, 'deployments');
    gitHubApi.deployForJob('production', COMMIT, RUN_URL);
    // Of another run, whose number only starts the same.
    gitHubApi.deployForJob('staging', COMMIT, `${RUN_URL}0`);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs });
    expect(main.log).toContain('has recorded a deployment to production already');
    expect(gitHubApi.deployments).toHaveLength(2);
    await agent.deploy({ image: agent.world.publish('v3', {}), ...inputs, 'github-deployment': 'staging' });
    expect(gitHubApi.deployments).toHaveLength(3);
  });

  test('gives the commit that was deployed before, and the summary compares with it', async () => {
    const agent = await givenAgent();
    const { gitHubApi } = agent.world;
    gitHubApi.grant(TOKEN, 'deployments');
    const env = { GITHUB_SHA: PREVIOUS, GITHUB_RUN_ID: '4000' };
    const first = await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs }, { env });
    // None of these was a deployment of this service: a preview, another service, the plan of a pull request.
    const other = { action: 'deploy-agent', service: 'service other in cluster production (eu-west-1)' };
    for (const [payload, ref] of [
      [{ action: 'deploy-agent', service: other.service }, COMMIT],
      [{ ...other, service: 'service agent in cluster production (eu-west-1)', preview: true }, COMMIT],
      [{}, 'refs/pull/7/merge'],
    ] as const)
      gitHubApi.endJob(gitHubApi.deployForJob('production', OTHER, `${RUN_URL}0`, { ref, payload }));
    const { summary } = await agent.deploy({ image: agent.world.publish('v3', {}), ...inputs });
    expect(first.summary).not.toContain('[Compare]');
    expect(summary).toContain(`[Compare](<https://github.com/acme/agent/compare/${PREVIOUS}...${COMMIT}>)`);
  });

  test('shows a preview beside the deployment of its environment, which goes on serving', async () => {
    const agent = await givenCloudRun();
    const { gitHubApi } = agent.world;
    gitHubApi.grant(TOKEN, 'deployments');
    const staging = { ...inputs, 'github-deployment': 'staging', strategy: 'canary', steps: '' };
    await agent.deploy({ image: agent.world.publish('v2', {}), ...staging });
    const env = { GITHUB_RUN_ID: '4712' };
    const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), ...staging, traffic: '0' }, { env });
    const states = gitHubApi.deployments.map(({ statuses }) => statuses.at(-1)!['state']);
    expect([main.outputs['outcome'], ...states]).toEqual(['previewed', 'success', 'success']);
  });

  test('has one comment for the plan on the pull request, which later runs update, and no one else’s is touched', async () => {
    const agent = await givenAgent();
    const { gitHubApi } = agent.world;
    gitHubApi.grant(TOKEN, 'pull-requests');
    const env = await pullRequest(12);
    const plan = { mode: 'plan', 'github-token': TOKEN };
    await agent.deploy({ image: agent.world.publish('v2', {}), ...plan }, { env });
    const [comment] = gitHubApi.comments;
    expect(comment).toMatchObject({
      issue: 12,
      body: expect.stringContaining('## 📝 Plan for agent: nothing was changed'),
    });

    const marker = comment!.body.split('\n')[0]!;
    const [planted] = gitHubApi.comments.splice(0, 1, {
      ...comment!,
      id: 9_000,
      author: { login: 'mallory', type: 'User' },
    });
    for (let count = 0; count < 120; count += 1)
      gitHubApi.addComment(12, `comment ${count}`, { login: 'someone', type: 'User' });
    for (let run = 0; run < 2; run += 1) {
      await agent.deploy({ image: agent.world.publish(`v${run + 3}`, {}), ...plan }, { env });
    }
    expect(gitHubApi.comments[0]!.body).toBe(planted!.body);
    const ours = gitHubApi.comments.filter(({ body, author }) => body.startsWith(marker) && author.type === 'Bot');
    expect(ours).toHaveLength(1);
    expect(ours[0]!.body).toContain('ghcr.io/acme/agent');
  });

  test('has no plan in its comment that the newest run could not make again: why is there instead', async () => {
    const agent = await givenAgent();
    const { gitHubApi } = agent.world;
    gitHubApi.grant(TOKEN, 'pull-requests');
    const env = await pullRequest(12);
    const plan = { mode: 'plan', 'github-token': TOKEN };
    const bodies = (): readonly string[] => gitHubApi.comments.map(({ body }) => body);
    const image = agent.world.publish('v2', {});
    await agent.deploy({ image, ...plan }, { env });
    // Refused once the service is known, and by the inputs alone.
    for (const wrong of [{ image: `${image}0` }, { image, timeout: 'soon' }]) {
      const { main } = await agent.deploy({ ...plan, ...wrong }, { env });
      expect(main.outputs['outcome']).toBe('refused');
      expect(bodies()).toEqual([expect.stringContaining('## ❌ Refused: agent was not deployed')]);
      expect(bodies()[0]).not.toContain('### Plan');
    }
    await agent.deploy({ image, ...plan }, { env });
    expect(bodies()).toEqual([expect.stringContaining('## 📝 Plan for agent')]);
    // A job that was cancelled has found out nothing. Another environment has a comment of its own.
    await agent.deploy({ image, ...plan }, { env, onMainStart: agent.cancelMain(0) });
    await agent.deploy({ image, ...plan, environment: 'production' }, { env });
    const titles = bodies().map((body) => body.split('\n')[1]);
    expect(titles).toEqual([
      expect.stringContaining('Plan for agent: nothing'),
      expect.stringContaining('Plan for agent in production: nothing'),
    ]);
  });

  test('comments on no pull request of another repository', async () => {
    const agent = await givenAgent();
    const { gitHubApi } = agent.world;
    gitHubApi.grant(TOKEN, 'pull-requests');
    // GitHub lists every pull request whose head is this commit: of forks that merge from us too.
    const requests = [
      { number: 3, base: { repo: { id: 2, name: 'agent' } } },
      { number: 8, base: { repo: { id: 1, name: 'agent' } } },
    ];
    const plan = { image: agent.world.publish('v2', {}), mode: 'plan', 'github-token': TOKEN };
    for (const count of [1, 2]) {
      const event = { repository: { id: 1 }, workflow_run: { pull_requests: requests.slice(0, count) } };
      await agent.deploy(plan, { env: await givenEvent('workflow_run', event) });
      expect(gitHubApi.comments.map(({ issue }) => issue)).toEqual(count === 1 ? [] : [8]);
    }
  });

  test('has the address of a preview in the comment, and none for a deployment', async () => {
    const agent = await givenCloudRun();
    const { gitHubApi } = agent.world;
    gitHubApi.grant(TOKEN, 'pull-requests');
    const env = await pullRequest(7);
    const image = agent.world.publish('v2', {});
    const { main } = await agent.deploy(
      { image, traffic: '0', strategy: 'canary', steps: '', 'github-token': TOKEN },
      { env },
    );
    expect(main.outputs['outcome']).toBe('previewed');
    expect(gitHubApi.comments).toMatchObject([{ body: expect.stringContaining(main.outputs['preview-url']!) }]);
    await agent.deploy({ image, 'github-token': TOKEN }, { env });
    expect(gitHubApi.comments).toHaveLength(1);
  });

  test.each([
    ['check', 'checks'],
    ['status', 'statuses'],
  ] as const)('has a %s at the commit of the pull request, where it was asked for', async (kind, permission) => {
    const agent = await givenAgent();
    const { gitHubApi } = agent.world;
    gitHubApi.grant(TOKEN, permission);
    const env = await pullRequest(7);
    const image = agent.world.publish('v3', BROKEN);
    const { main } = await agent.deploy(
      { image, 'smoke-tests': '- GET /predict', 'github-token': TOKEN, 'github-check': kind },
      { env },
    );
    expect(noticesOf(main.log)).toEqual([]);
    const name = 'deploy-agent: service agent in cluster production (eu-west-1)';
    const written = kind === 'check' ? gitHubApi.checks : gitHubApi.statuses;
    const status = { context: name, sha: PREVIOUS, target_url: `${RUN_URL}/attempts/1` };
    const expected = {
      // The one that was in progress.
      check: [{ name, head_sha: PREVIOUS, conclusion: 'failure', details_url: `${RUN_URL}/attempts/1` }],
      status: [
        { ...status, state: 'pending', description: 'Deployment of agent started' },
        { ...status, state: 'failure', description: expect.stringContaining('Failed and rolled back') },
      ],
    };
    expect(written).toMatchObject(expected[kind]);
  });

  test('has the check in progress while the deployment runs, and completed by the post step after a cancel', async () => {
    const agent = await givenAgent();
    const { gitHubApi } = agent.world;
    gitHubApi.grant(TOKEN, 'checks');
    const seen: unknown[] = [];
    agent.world.edge.onExchange(({ operation }) => {
      if (operation === 'ecs:UpdateService') seen.push(gitHubApi.checks[0]?.['status']);
    });
    const check = { 'github-token': TOKEN, 'github-check': 'check' };
    await agent.deploy({ image: agent.world.publish('v2', {}), ...check }, { onMainStart: agent.cancelMain(20_000) });
    expect(seen[0]).toBe('in_progress');
    expect(gitHubApi.checks).toMatchObject([
      {
        status: 'completed',
        conclusion: 'failure',
        output: { title: expect.stringContaining('Cancelled and rolled') },
      },
    ]);
  });

  test('has a record of which image runs in which environment, once for a service, and none of what is rolled back', async () => {
    const agent = await givenAgent();
    const { gitHubApi } = agent.world;
    gitHubApi.grant(TOKEN, 'artifact-metadata');
    const recorded = { 'github-token': TOKEN, 'github-artifact-record': 'true', environment: 'production' };
    await agent.deploy({ image: agent.world.publish('v2', {}), ...recorded });
    const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), ...recorded });
    const failing = agent.world.publish('v4', BROKEN);
    await agent.deploy({ image: failing, 'smoke-tests': '- GET /predict', ...recorded });
    expect([...gitHubApi.artifactRecords.values()]).toEqual([
      {
        ...{ digest: main.outputs['digest'], name: main.outputs['image']!.split('@')[0], version: COMMIT },
        ...{ status: 'deployed', logical_environment: 'production', github_repository: 'agent', return_records: false },
        deployment_name: 'service agent in cluster production (eu-west-1)',
      },
    ]);
    gitHubApi.isOrganization = false;
    const refused = await agent.deploy({ image: agent.world.publish('v5', {}), ...recorded });
    expect(refused.main.outputs['outcome']).toBe('deployed');
    expect(noticesOf(refused.main.log)).toEqual([expect.stringContaining('Only a repository of an organization')]);
  });

  test('is asked for no record without an environment', async () => {
    const agent = await givenAgent();
    const inputs = { 'github-token': TOKEN, 'github-artifact-record': 'true' };
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs });
    expect(main.outputs['outcome']).toBe('refused');
    expect(main.log).toContain('the name of the environment, which a record of github-artifact-record has');
  });

  test('takes one notice for each permission that is missing, which names it, and the deployment goes on', async () => {
    const agent = await givenAgent();
    agent.world.gitHubApi.grant(TOKEN);
    const env = await pullRequest(7);
    const all = { ...inputs, 'github-check': 'check', 'github-artifact-record': 'true' };
    const deployed = await agent.deploy({ image: agent.world.publish('v2', {}), ...all }, { env });
    expect(deployed.main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
    const planned = await agent.deploy(
      { image: agent.world.publish('v3', {}), mode: 'plan', 'github-token': TOKEN },
      { env },
    );
    const notices = [...noticesOf(deployed.main.log), ...noticesOf(planned.main.log)];
    expect(notices).toHaveLength(4);
    for (const permission of ['deployments', 'checks', 'pull-requests', 'artifact-metadata']) {
      expect(notices.filter((notice) => notice.includes(`Add \`${permission}: write\``))).toHaveLength(1);
    }
  });

  test.each(['drop', 'hang'] as const)('that does not answer (%s) delays nothing beyond seconds', async (kind) => {
    const agent = await givenAgent();
    const { clock, edge } = agent.world;
    agent.world.gitHubApi.grant(TOKEN, 'deployments', 'checks');
    edge.faults.add({ operation: /^github:(?:ListDeployments|CreateCheck)$/, when: 'before', act: { kind } });
    await agent.deploy({ image: agent.world.publish('v2', {}) });
    const usual = clock.now();
    const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), ...inputs, 'github-check': 'check' });
    expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
    expect(noticesOf(main.log)).toHaveLength(2);
    expect(clock.now() - usual).toBeLessThan(120_000);
  });

  test('of a server of one’s own gets the token, and github.com does not', async () => {
    const base = 'https://github.corp.example/api/v3';
    const server = new GitHubRestApi({ now: () => 1_800_000_000_000 }, { base });
    server.grant(TOKEN, 'deployments');
    const agent = await givenAgent({ moreHosts: [server] });
    const tokens = new Set<string>();
    agent.world.edge.onExchange(({ request }) => {
      if (Object.values(request.headers).some((value) => value.includes(TOKEN))) tokens.add(request.url.host);
    });
    const env = { GITHUB_API_URL: base, GITHUB_SERVER_URL: 'https://github.corp.example' };
    await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs }, { env });
    expect(server.deployments[0]!.statuses).toHaveLength(2);
    expect([...tokens]).toEqual(['github.corp.example']);
  });

  test('that redirects gets the token nowhere else', async () => {
    const agent = await givenAgent();
    agent.world.gitHubApi.grant(TOKEN, 'deployments');
    const location = 'https://chat.example/steal';
    agent.world.edge.faults.add({
      operation: /^github:ListDeployments$/,
      when: 'before',
      act: { kind: 'status', status: 307, headers: { location } },
    });
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), ...inputs });
    expect(noticesOf(main.log)).toEqual([expect.stringContaining('it redirects (status 307)')]);
    expect(agent.world.edge.calls.filter(({ host }) => host === 'chat.example')).toEqual([]);
  });
});

test('every operation that is used was checked against GitHub’s description', () => {
  expect([...github.operations].sort()).toEqual([
    ...[
      'CompareCommits',
      'CreateArtifactRecord',
      'CreateCheck',
      'CreateComment',
      'CreateCommitStatus',
      'CreateDeployment',
    ],
    ...['CreateStatus', 'ListComments', 'ListDeployments', 'ListStatuses', 'UpdateCheck', 'UpdateComment'],
  ]);
});

test('nothing is told, asked or loaded where nothing of it was asked for', async () => {
  const agent = await givenAgent();
  const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
  const operations = agent.world.edge.calls.map(({ operation }) => operation);
  expect(operations.filter((operation) => /^(?:github|slack|chat):/.test(operation))).toEqual([]);
  expect(main.log).not.toContain('::notice');
});
