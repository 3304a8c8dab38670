import { describe, expect, test } from '@jest/globals';
import { parseInputs } from '../../../src/inputs.ts';
import { memoryFiles } from '../../fixtures/fake-io.ts';
import { memoryLog } from '../registry/world.ts';

const least = { INPUT_TARGET: 'ecs', INPUT_IMAGE: 'ghcr.io/acme/agent:v1', INPUT_SERVICE: 'agent' };
const parse = (env: Record<string, string>) => parseInputs({ env, files: memoryFiles() });
const image = { registry: 'ghcr.io', repository: 'acme/agent', tag: 'v1', digest: null };

describe('the inputs of a step', () => {
  test('the least that works has safe defaults', () => {
    expect(parse(least)).toMatchObject({
      images: [{ container: null, name: image }],
      copyTo: null,
      credentials: null,
      smokeTests: [],
      onFailure: 'rollback',
      onCancel: 'rollback',
      force: false,
      mode: 'deploy',
      timeoutMs: 1_200_000,
      rollbackTimeoutMs: 900_000,
    });
  });

  test('`deny-private-networks` and `smoke-test-env` hold for each smoke test', () => {
    const tests = '- GET /a\n- run: "true"';
    expect(parse({ ...least, 'INPUT_SMOKE-TESTS': tests }).smokeTests).toMatchObject([
      { networks: 'any' },
      { passedVariables: [] },
    ]);
    const given = { 'INPUT_DENY-PRIVATE-NETWORKS': 'true', 'INPUT_SMOKE-TEST-ENV': 'API_TOKEN, STAGING_*\nAPI_TOKEN,' };
    expect(parse({ ...least, 'INPUT_SMOKE-TESTS': tests, ...given }).smokeTests).toMatchObject([
      { networks: 'public' },
      { passedVariables: ['API_TOKEN', 'STAGING_*'] },
    ]);
  });

  test.each([
    ['*', 'got something else'],
    ['A*', 'got something else'],
    ['API_TOKEN=s3cr3t', 'got something else'],
    ['API-TOKEN', 'got something else'],
    ['INPUT_IMAGE', 'got INPUT_IMAGE'],
    ['ACTIONS_ID_TOKEN_REQUEST_*', 'got ACTIONS_ID_TOKEN_REQUEST_*'],
    ['GITHUB_OUTPUT', 'got GITHUB_OUTPUT'],
  ])('`smoke-test-env: %s` is refused, and no value is repeated', (given, says) => {
    const message = messageOf(() => parse({ ...least, 'INPUT_SMOKE-TEST-ENV': given }));
    expect(message).toContain(`smoke-test-env: ${says}; expected names of variables such as API_TOKEN`);
    expect(message).not.toContain('s3cr3t');
  });

  test('every problem is told at once, each with its input, what was given and what is expected', () => {
    const wrong = {
      INPUT_TARGET: 'lambda',
      INPUT_IMAGE: 'Not An Image',
      INPUT_STRATEGY: 'canery',
      INPUT_TIMEOUT: 'soon',
      INPUT_FORCE: 'maybe',
      INPUT_URL: 'ftp://x',
      'INPUT_ON-FAILURE': 'shrug',
      'INPUT_REGISTRY-USERNAME': 'me',
      'INPUT_SMOKE-TESTS': '- GET health',
      'INPUT_ENVIRONMENT-VARIABLES': '- a',
      'INPUT_COPY-TO': 'ghcr.io/acme/agent:v1',
    };
    const message = messageOf(() => parse(wrong));
    for (const name of [
      'target: got "lambda"; expected one of ecs',
      'image: ',
      'strategy: got "canery"; expected one of rolling, canary, blue-green',
      'timeout: got "soon"; expected a duration',
      'force: got "maybe"; expected true or false',
      'url: got something else; expected a plain base URL',
      'on-failure: got "shrug"; expected one of rollback, keep',
      'registry-password: is required (the value is empty)',
      'smoke-tests: ',
      'environment-variables: ',
      'copy-to: ',
    ]) {
      expect(message).toContain(`- ${name}`);
    }
  });

  test.each(['ecs', 'cloud-run', 'container-apps'])('smoke tests in the cluster are refused for %s', (target) => {
    const env = { ...least, INPUT_TARGET: target, 'INPUT_SMOKE-TESTS': '- GET /a\n- GET /b: { in-cluster: true }' };
    expect(messageOf(() => parse(env))).toContain(
      '- smoke-tests: got `in-cluster: true` for "GET /b"; expected it only with target: kubernetes',
    );
  });

  test('smoke tests in the cluster are taken for a target that runs them, and not judged for one that is unknown', () => {
    const tests = { 'INPUT_SMOKE-TESTS': '- GET /b: { in-cluster: true }' };
    const env = {
      ...tests,
      INPUT_TARGET: 'kubernetes',
      INPUT_IMAGE: least.INPUT_IMAGE,
      INPUT_WORKLOAD: 'deployment/web',
    };
    expect(parse(env).smokeTests).toMatchObject([{ inside: { image: null } }]);
    expect(messageOf(() => parse({ ...least, ...tests, INPUT_TARGET: 'lambda' }))).not.toContain('in-cluster');
  });

  test.each([
    ['traffic that is neither none nor all', { INPUT_TRAFFIC: '50%' }, '- traffic: got "50"; expected 0 or 100'],
    [
      'steps that no strategy takes',
      { INPUT_STEPS: '5%' },
      '- steps: got a value; expected nothing with `strategy: rolling`',
    ],
    [
      'a share, where all is moved at once',
      { INPUT_STRATEGY: 'blue-green', INPUT_STEPS: '50%' },
      '- steps: got 50%; expected 100% alone with `strategy: blue-green`',
    ],
    [
      'shares that do not ascend',
      { INPUT_STRATEGY: 'canary', INPUT_STEPS: '25%, 5%' },
      '- steps: could not read the steps: 5% comes after 25%',
    ],
  ])('%s is a problem that is told', (_, inputs, expected) => {
    expect(messageOf(() => parse({ ...least, ...inputs }))).toContain(expected);
  });

  test.each([
    [{ INPUT_TRAFFIC: '0' }, 'traffic: 0', []],
    [{ INPUT_TRAFFIC: '100 %', INPUT_STRATEGY: 'canary', INPUT_STEPS: '5%' }, 'canary', [5, 100]],
    [{ INPUT_STRATEGY: 'blue-green' }, 'blue-green', [100]],
  ])('%j is the strategy %s with the shares %j', (inputs, name, shares) => {
    const { strategy, trafficSteps } = parse({ ...least, ...inputs });
    expect([strategy.name, trafficSteps.map(({ percent }) => percent)]).toEqual([name, shares]);
  });

  test('a value where a reference to a secret belongs is refused by the name of its variable, and not repeated', () => {
    const inputs = { ...least, INPUT_SECRETS: 'OPENAI_API_KEY: sk-proj-hunter2\nDB: db-password' };
    const message = messageOf(() => parse(inputs));
    expect(message).toContain('- secrets: got a value for OPENAI_API_KEY; expected a reference');
    expect(message).not.toContain('hunter2');
  });

  test('a variable whose value YAML would cut is refused, also at the end of the input', () => {
    const inputs = { ...least, 'INPUT_ENVIRONMENT-VARIABLES': 'A: x\nTOKEN: hunter2  \n' };
    expect(messageOf(() => parse(inputs))).toContain('TOKEN: YAML drops the spaces at the end');
  });

  test('a name that is a variable and a secret is told once, without its value', () => {
    const both = { 'INPUT_ENVIRONMENT-VARIABLES': 'A: hunter2\nB: x', INPUT_SECRETS: 'A: ref\nC: ref' };
    const message = messageOf(() => parse({ ...least, ...both }));
    expect(message).toContain('- secrets: got A, which the input environment-variables sets too');
    expect(message).not.toContain('hunter2');
  });

  test.each([
    ['plan', 'plan'],
    ['deploy', 'deploy'],
    ['', 'deploy'],
  ])('mode "%s" is %s', (given, mode) => {
    expect(parse({ ...least, INPUT_MODE: given })).toMatchObject({ mode });
  });

  test('a rollback is no mode yet', () => {
    expect(messageOf(() => parse({ ...least, INPUT_MODE: 'rollback' }))).toContain('- mode: got "rollback"');
  });

  test.each<[string, object[]]>([
    ['web', [{ container: 'web', name: image }]],
    [
      'web\nworker',
      [
        { container: 'web', name: image },
        { container: 'worker', name: image },
      ],
    ],
    [
      'proxy=ghcr.io/acme/proxy:v2\nweb',
      [
        { container: 'web', name: image },
        { container: 'proxy', name: { ...image, repository: 'acme/proxy', tag: 'v2' } },
      ],
    ],
    [
      'web\nproxy=ghcr.io/acme/proxy:v2',
      [
        { container: 'web', name: image },
        { container: 'proxy', name: { ...image, repository: 'acme/proxy', tag: 'v2' } },
      ],
    ],
  ])('container %j', (container, images) => {
    expect(parse({ ...least, INPUT_CONTAINER: container }).images).toEqual(images);
  });

  test('what follows a second = is not dropped', () => {
    expect(() => parse({ ...least, INPUT_CONTAINER: 'web=ghcr.io/acme/web:v1=v2' })).toThrow('v1=v2');
  });

  test.each(['web\nweb', 'web\nweb=ghcr.io/acme/proxy:v2', 'web=ghcr.io/acme/a:v1\nweb=ghcr.io/acme/b:v1', 'all\nall'])(
    'a container is named once: %j',
    (container) => {
      const message = messageOf(() => parse({ ...least, INPUT_CONTAINER: container }));
      expect(message).toMatch(/container: got "(web|all)" twice; expected each container once/);
    },
  );

  test('no image is needed where each container has its own', () => {
    const { INPUT_IMAGE: _, ...rest } = least;
    const own = { ...rest, INPUT_CONTAINER: 'web=ghcr.io/acme/agent:v1' };
    expect(parse(own).images).toEqual([{ container: 'web', name: image }]);
    expect(messageOf(() => parse({ ...own, INPUT_CONTAINER: 'web' }))).toContain(
      '- image: is required (the value is empty)',
    );
  });

  test.each([
    ['live', ['live']],
    ['live, v1.2\n\n v1 ,live', ['live', 'v1.2', 'v1']],
    ['', []],
  ])('tags %j', (given, tags) => {
    expect(parse({ ...least, 'INPUT_COPY-TO': 'quay.io/acme/agent', INPUT_TAGS: given })).toMatchObject({ tags });
  });

  test('a tag that is none is a problem, and so is one without a place to copy to', () => {
    const inputs = { ...least, INPUT_TAGS: 'v1, -v2' };
    expect(messageOf(() => parse({ ...inputs, 'INPUT_COPY-TO': 'quay.io/a/b' }))).toContain(
      '- tags: "-v2" is not a tag. Write up to 128 letters',
    );
    expect(messageOf(() => parse(inputs))).toContain(
      '- tags: got a value; expected nothing while there is no copy-to. Add `copy-to:`',
    );
  });

  test('platforms are a list that needs a place to copy to', () => {
    const inputs = { ...least, INPUT_PLATFORMS: 'linux/amd64, linux/arm/v7' };
    expect(parse({ ...inputs, 'INPUT_COPY-TO': 'quay.io/a/b' }).platforms).toEqual([
      { os: 'linux', architecture: 'amd64', variant: null },
      { os: 'linux', architecture: 'arm', variant: 'v7' },
    ]);
    expect(messageOf(() => parse(inputs))).toContain('- platforms: got a value; expected nothing while there is');
    expect(messageOf(() => parse({ ...least, INPUT_PLATFORMS: 'amd64', 'INPUT_COPY-TO': 'quay.io/a/b' }))).toContain(
      '- platforms: could not read "amd64": it is not a platform. Did you mean `linux/amd64`?',
    );
  });

  test('copy-referrers is a yes or no that needs a place to copy to', () => {
    const there = { ...least, 'INPUT_COPY-TO': 'quay.io/acme/agent' };
    expect(parse(there).copyReferrers).toBe(false);
    expect(parse({ ...there, 'INPUT_COPY-REFERRERS': 'true' }).copyReferrers).toBe(true);
    expect(parse({ ...least, 'INPUT_COPY-REFERRERS': 'false' }).copyReferrers).toBe(false);
    expect(messageOf(() => parse({ ...there, 'INPUT_COPY-REFERRERS': 'all' }))).toContain(
      '- copy-referrers: got "all"; expected true or false',
    );
    expect(messageOf(() => parse({ ...least, 'INPUT_COPY-REFERRERS': 'true' }))).toContain(
      '- copy-referrers: got a value; expected nothing while there is no copy-to',
    );
  });

  test('the password of a url is not repeated', () => {
    const message = messageOf(() => parse({ ...least, INPUT_URL: 'https://me:hunter2@agent.acme.dev' }));
    expect(message).toContain('- url: ');
    expect(message).not.toContain('hunter2');
  });
});

describe('what people know from elsewhere', () => {
  test.each([
    ['cloudrun', 'cloud-run'],
    ['Cloud Run', 'cloud-run'],
    ['aca', 'container-apps'],
    ['azure-container-apps', 'container-apps'],
    ['EKS', 'kubernetes'],
    ['fargate', 'ecs'],
    ['kuberentes', 'kubernetes'],
  ])('the target %s is %s', (given, meant) => {
    expect(messageOf(() => parse({ ...least, INPUT_TARGET: given }))).toContain(`Did you mean \`${meant}\`?`);
  });

  test.each(['', 'lambda'])('with the target %j, which may be any, nothing is said of the inputs of one', (given) => {
    const others = { INPUT_REGION: 'europe-west1', INPUT_SERVICE: '', INPUT_CLUSTER: '' };
    const message = messageOf(() => parse({ ...least, ...others, INPUT_TARGET: given, INPUT_STRATEGY: 'canery' }));
    expect(message).toContain('2 invalid inputs:');
    expect(message).toContain('target: ');
  });

  test.each<[Record<string, string>, string]>([
    [
      { INPUT_STRATEGY: 'bluegreen' },
      'strategy: got "bluegreen"; expected one of rolling, canary, blue-green. Did you mean `blue-green`?',
    ],
    [{ INPUT_STRATEGY: 'Blue_Green' }, 'Did you mean `blue-green`?'],
    [{ INPUT_STRATEGY: 'linear' }, 'Did you mean `canary`?'],
    [{ INPUT_STRATEGY: 'all-at-once' }, 'Did you mean `rolling`?'],
    [{ INPUT_MODE: 'Plan' }, 'Did you mean `plan`?'],
    [{ INPUT_MODE: 'dry-run' }, 'mode: got "dry-run"; expected one of deploy, plan. Did you mean `plan`?'],
    [{ 'INPUT_ON-FAILURE': 'revert' }, 'Did you mean `rollback`?'],
    [{ 'INPUT_ON-STUCK': 'Replace' }, 'Did you mean `replace`?'],
    [
      { INPUT_TARGET: 'cloudrun', INPUT_REGION: 'eu-west1' },
      'expected a region of Google Cloud, such as europe-west1. Did you mean `europe-west1`?',
    ],
    [{ INPUT_REGION: 'eu-west1' }, 'region: got "eu-west1"; expected an AWS region. Did you mean `eu-west-1`?'],
    [{ INPUT_REGION: 'eu-west-1a' }, 'Did you mean `eu-west-1`?'],
    [
      { INPUT_TARGET: 'cloud-run', INPUT_REGION: 'eu-west1' },
      'expected a region of Google Cloud, such as europe-west1. Did you mean `europe-west1`?',
    ],
    [{ INPUT_TARGET: 'cloud-run', INPUT_REGION: 'us-east-1' }, 'Did you mean `us-east1`?'],
    [{ INPUT_IMAGE: '' }, 'Secrets are empty in pull requests from forks'],
    [
      { INPUT_IMAGE: 'ghcr.io/acme/agent:' },
      'its tag is empty. Check that the secret, variable, output or matrix value',
    ],
    [{ INPUT_IMAGE: 'ghcr.io/acme/agent@' }, 'its digest is empty. Check that'],
    [{ INPUT_IMAGE: 'ghcr.io/acme/:v1' }, 'its repository is empty. Check that'],
    [{ INPUT_IMAGE: 'ghcr.io//agent:v1' }, 'its repository is empty. Check that'],
    [{ INPUT_IMAGE: '/acme/agent:v1' }, 'its registry is empty. Check that'],
    [{ INPUT_IMAGE: '$'.concat('{{ env.IMAGE }}') }, 'it has an expression in it that GitHub did not evaluate'],
    [{ INPUT_IMAGE: 'ghcr.io/Acme/agent:v1' }, 'Did you mean `ghcr.io/acme/agent:v1`?'],
    [{ 'INPUT_COPY-TO': '/agent' }, '"/agent" is not a repository: its registry is empty. Check that'],
    [{ 'INPUT_COPY-TO': 'quay.io/a b' }, '"quay.io/a b" is not a repository: '],
    [{ 'INPUT_REGISTRY-USERNAME': 'ada' }, 'registry-password: is required (the value is empty)'],
    [{ 'INPUT_REGISTRY-USERNAME': 'ada' }, 'check that the secret, variable, output or matrix value in it exists'],
    [{ INPUT_FORCE: 'yes' }, 'force: got "yes"; expected true or false. Did you mean `true`?'],
    [{ INPUT_FORCE: 'flase' }, 'Did you mean `false`?'],
    [{ INPUT_TIMEOUT: '15 minutes' }, 'Did you mean `15m`?'],
    [{ INPUT_TIMEOUT: '900' }, 'Did you mean `900s`?'],
    [{ INPUT_IMAGE: 'Agent:v1' }, 'Did you mean `agent:v1`?'],
    [{ INPUT_IMAGE: `sha256:${'a'.repeat(64)}` }, 'it is a digest alone. Write registry/repository@ before it.'],
    [{ INPUT_SECRETS: 'DB: ""' }, 'secrets: got nothing for DB; expected a reference to a secret.'],
    [{ 'INPUT_ENVIRONMENT-VARIABLES': 'LOG=hunter2,MODE=fast' }, 'several variables are on one line. Write'],
    [{ 'INPUT_ENVIRONMENT-VARIABLES': '# of v2\nLOG=1' }, 'line 1: expected NAME=value; a comment can be in a file'],
    [{ 'INPUT_ENVIRONMENT-VARIABLES': 'LOG=1\n# of v2' }, 'line 2: expected NAME=value; a comment can be in a file'],
    [{ INPUT_PLATFORMS: 'amd64', 'INPUT_COPY-TO': 'quay.io/a/b' }, 'Did you mean `linux/amd64`?'],
    [{ INPUT_PLATFORMS: 'linux/x86_64', 'INPUT_COPY-TO': 'quay.io/a/b' }, 'Did you mean `linux/amd64`?'],
    [{ INPUT_URL: 'http://169.254.169.254' }, 'url: got a link-local address or a metadata service'],
    [{ INPUT_URL: 'http://metadata.google.internal/' }, 'url: got a link-local address or a metadata service'],
    [{ 'INPUT_ENVIRONMENT-VARIABLES': 'LOG=hunter2 MODE=fast' }, 'several variables are on one line. Write'],
    [{ 'INPUT_COPY-TO': 'https://ada:hunter2@ghcr.io/acme/agent' }, 'it is a URL'],
  ])('%j is met with what is meant', (given, says) => {
    const message = messageOf(() => parse({ ...least, ...given }));
    expect(message).toContain(says);
    expect(message).not.toContain('hunter2');
  });

  test.each(['600000', '0', '100h', 'never'])('nothing is suggested that would be refused too: timeout %s', (given) => {
    expect(messageOf(() => parse({ ...least, INPUT_TIMEOUT: given }))).not.toContain('Did you mean');
  });

  test.each([
    ['CONTAINER-NAME', 'container-name', 'It is called `container` here.'],
    ['TASK-DEFINITION', 'task-definition', 'Remove it: the task definition'],
    ['WAIT-FOR-SERVICE-STABILITY', 'wait-for-service-stability', 'Remove it: every deployment is waited for'],
    ['ENV_VARS', 'env_vars', 'It is called `environment-variables` here.'],
    ['PROJECT_ID', 'project_id', 'It is called `project` here.'],
    ['CONTAINERAPPNAME', 'containerappname', 'It is called `service` here.'],
    ['AWS-REGION', 'aws-region', 'It is called `region` here.'],
    ['SMOKE_TESTS', 'smoke_tests', 'Did you mean `smoke-tests`?'],
    ['ECS-CLUSTER', 'ecs-cluster', 'It is called `cluster` here.'],
    ['SOURCE', 'source', 'Build and push the image in an earlier step'],
    ['ROLE-TO-ASSUME', 'role-to-assume', 'Run aws-actions/configure-aws-credentials before this step'],
    ['CREDENTIALS_JSON', 'credentials_json', 'Run google-github-actions/auth before this step'],
    ['AZURECREDENTIALS', 'azurecredentials', 'Run azure/login before this step'],
  ])('the input %s is told what it is called here', (variable, name, says) => {
    const message = messageOf(() => parse({ ...least, [`INPUT_${variable}`]: 'x' }));
    expect(message).toContain(
      `- ${name}: got an input that this action does not have; expected one that it has. ${says}`,
    );
  });

  test.each(['INPUT_QUEUE_OF_THE_AGENT', 'INPUT_NAME', 'INPUT_ZONE', 'INPUT_ACTION', 'INPUT_REVISION', 'INPUT_PAUSE'])(
    'a variable of the job that only looks like an input is a warning: %s',
    (variable) => {
      const log = memoryLog();
      const env = { ...least, [variable]: 'x' };
      expect(parseInputs({ env, files: memoryFiles(), log }).mode).toBe('deploy');
      expect(log.lines).toEqual([expect.stringContaining(`${variable} is set, and this action has no input`)]);
    },
  );
});

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}

describe('smoke tests in a file of the repository', () => {
  const parseWith = (smokeTests: string, stored: Record<string, string>) => {
    const files = memoryFiles(new Map(Object.entries(stored)));
    const env = { ...least, 'INPUT_SMOKE-TESTS': smokeTests };
    return parseInputs({ env, files }).smokeTests;
  };

  test('are read from the workspace', () => {
    expect(parseWith('smoke.yml', { 'smoke.yml': '- GET /health' })).toMatchObject([{ name: 'GET /health' }]);
    expect(messageOf(() => parseWith('smoke.yml', {}))).toContain('there is no file smoke.yml');
  });

  test('of more than 1 MB are refused, and not called missing', () => {
    const stored = { 'smoke.yml': `- GET /health #${'x'.repeat(1_000_000)}` };
    expect(messageOf(() => parseWith('smoke.yml', stored))).toContain('smoke.yml is longer than 1 MB');
  });

  test('name uploads that have to be there, however large', () => {
    const upload = '- POST /x: {file: big.bin}';
    expect(parseWith(upload, { 'big.bin': 'x'.repeat(10_000_001) })).toHaveLength(1);
    expect(messageOf(() => parseWith(upload, {}))).toContain('big.bin');
  });
});
