import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { CLUSTER } from '../../simulators/agent-service.ts';
import { ACCOUNT, ECR_HOST, REGION, type WorldOptions } from '../../simulators/world.ts';
import type { ErrorCode } from '../../src/model/errors.ts';
import { closeAgents, givenAgent, saidBy } from './agent.ts';
import { mutations, refuse } from './refusal.ts';

afterEach(closeAgents);

const COMMIT = '9fceb02d0ae598e95dc970b74767f19372d61af8';
const NO_DIGEST = `sha256:${'0'.repeat(64)}`;
const OTHER_MANIFEST = '{"schemaVersion":2}';
const OTHER_DIGEST = `sha256:${createHash('sha256').update(OTHER_MANIFEST).digest('hex')}`;

interface Row {
  readonly name: string;
  readonly world?: WorldOptions;
  readonly given?: (agent: Agent) => void;
  /** Beside the usual ones, and an image that is there. */
  readonly inputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly code: ErrorCode;
  readonly says: readonly string[];
}

const inputRows: readonly Row[] = [
  {
    name: 'no image',
    inputs: { image: '' },
    code: 'INPUT_INVALID',
    says: ['image: is required (the value is empty); expected registry/'],
  },
  {
    name: 'a malformed image',
    inputs: { image: 'ghcr.io/Acme/Agent:v2' },
    code: 'INPUT_INVALID',
    says: ['image: ', '"ghcr.io/Acme/Agent:v2" is not an image reference', 'lower-case'],
  },
  {
    name: 'an unknown target',
    inputs: { target: 'lambda' },
    code: 'INPUT_INVALID',
    says: ['target: got "lambda"; expected one of ecs'],
  },
  {
    name: 'an unknown strategy',
    inputs: { strategy: 'big-bang' },
    code: 'INPUT_INVALID',
    says: ['strategy: got "big-bang"; expected one of rolling'],
  },
  {
    name: 'an unknown mode',
    inputs: { mode: 'rehearse' },
    code: 'INPUT_INVALID',
    says: ['mode: got "rehearse"; expected one of deploy, plan'],
  },
  {
    name: 'no service',
    inputs: { service: '' },
    code: 'INPUT_INVALID',
    says: ['service: is required (the value is empty); expected the name of the ECS service to deploy to.'],
  },
  {
    name: 'an input that does not exist',
    inputs: { 'smoke-test': '- GET /health' },
    code: 'INPUT_INVALID',
    says: ['smoke-test: got an input that this action does not have', 'Did you mean `smoke-tests`?'],
  },
  {
    name: 'bad YAML',
    inputs: { 'environment-variables': 'LOG_LEVEL: INFO\nTOKEN: "hunter2hunter2' },
    code: 'INPUT_INVALID',
    says: ['environment-variables: could not read environment-variables: line 2, column '],
  },
  {
    name: 'bad YAML in smoke tests',
    inputs: { 'smoke-tests': '- GET /health\n- POST /predict: { status: 200' },
    code: 'INPUT_INVALID',
    says: ['smoke-tests: could not read smoke-tests:', 'line 2, column ', 'a bracket that is not closed'],
  },
  {
    name: 'a YAML bomb',
    inputs: { 'smoke-tests': bomb() },
    code: 'INPUT_INVALID',
    says: ['smoke-tests: could not read smoke-tests: ', 'aliases'],
  },
  {
    name: 'YAML without an end',
    inputs: { 'smoke-tests': '['.repeat(50_000) },
    code: 'INPUT_INVALID',
    says: ['smoke-tests: could not read smoke-tests:', 'nested too deep'],
  },
  {
    name: 'durations out of range',
    inputs: { timeout: '25h', 'rollback-timeout': '15 minutes' },
    code: 'INPUT_INVALID',
    says: [
      'timeout: got "25h"; expected a duration from 1s to 24h',
      'rollback-timeout: got "15 minutes"; expected a duration',
    ],
  },
  {
    name: 'numbers out of range',
    inputs: { 'smoke-tests': '- GET /health: { status: 99, passes: 0, within: 11m, retry-for: 2h }' },
    code: 'INPUT_INVALID',
    says: [
      'expected a status from 200 to 599',
      'expected a whole number from 1 to 100',
      'expected a duration from 1ms to 10m',
      'expected a duration from 0s to 1h',
    ],
  },
  {
    name: 'a smoke-test file that is not there',
    inputs: { 'smoke-tests': 'tests/smoke.yml' },
    code: 'INPUT_INVALID',
    says: ['smoke-tests: could not read smoke-tests: there is no file tests/smoke.yml', 'actions/checkout'],
  },
  {
    name: 'an upload that is not there',
    inputs: { 'smoke-tests': '- POST /predict: { file: tests/cat.jpg }' },
    code: 'INPUT_INVALID',
    says: ['smoke-tests[0] "POST /predict": file: there is no file tests/cat.jpg', 'actions/checkout'],
  },
  {
    name: 'a name that is a variable and a secret',
    inputs: { 'environment-variables': 'API_KEY: hunter2hunter2', secrets: 'API_KEY: api-key' },
    code: 'INPUT_INVALID',
    says: [
      'secrets: got API_KEY, which the input environment-variables sets too; expected each name in one of the two',
    ],
  },
  {
    name: 'an account that is no account',
    inputs: { 'expected-account': '12345' },
    code: 'INPUT_INVALID',
    says: ['expected-account: got "12345"; expected an account id: 12 digits.', 'leading 0'],
  },
];

const accountRows: readonly Row[] = [
  {
    name: 'credentials of another account',
    inputs: { 'expected-account': '210987654321' },
    code: 'INPUT_INVALID',
    says: [`could not start in account 210987654321: the credentials are of ${ACCOUNT}`, 'role-to-assume'],
  },
  {
    name: 'a proxy whose password is not encoded',
    env: { https_proxy: 'http://ada:33#hunter2@proxy.example:3128' },
    code: 'INPUT_INVALID',
    says: ['could not use the proxy in the environment variable https_proxy', 'percent-encoded'],
  },
  {
    name: 'no credentials',
    env: { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
    code: 'AUTH_FAILED',
    says: ['could not read service agent', 'aws-actions/configure-aws-credentials', 'id-token: write'],
  },
  {
    name: 'credentials that AWS refuses',
    env: { AWS_ACCESS_KEY_ID: 'AKIAOTHER00000000000' },
    code: 'AUTH_FAILED',
    says: ['UnrecognizedClientException', 'id-token: write'],
  },
  {
    name: 'no region',
    env: { AWS_REGION: '' },
    code: 'INPUT_INVALID',
    says: ['could not tell the AWS region of service agent: none was given', 'Set the input `region`'],
  },
  {
    name: 'a wrong cluster',
    given: ({ world }) => world.aws.enforce(null),
    inputs: { cluster: 'staging' },
    code: 'NOT_FOUND',
    says: [`service agent in cluster staging (${REGION})`, 'Cluster not found', '`cluster` and `region` first'],
  },
  {
    name: 'a wrong service',
    given: ({ world }) => world.aws.enforce(null),
    inputs: { service: 'agnet' },
    code: 'NOT_FOUND',
    says: [`could not find service agnet in cluster ${CLUSTER} (${REGION}): MISSING`, '`cluster` and `region` first'],
  },
  {
    name: 'a wrong region',
    world: { emptyRegions: ['us-east-1'] },
    inputs: { region: 'us-east-1' },
    code: 'NOT_FOUND',
    says: [`service agent in cluster ${CLUSTER} (us-east-1)`, 'Cluster not found', '`cluster` and `region` first'],
  },
  {
    name: 'a region that does not exist',
    inputs: { region: 'eu-west-9' },
    code: 'NETWORK',
    says: [`service agent in cluster ${CLUSTER} (eu-west-9)`, 'Check that the region exists'],
  },
  {
    name: 'a missing permission',
    given: ({ world }) => world.aws.deny('ecs:DescribeServices'),
    code: 'PERMISSION_DENIED',
    says: ['the role lacks ecs:DescribeServices', 'Add ecs:DescribeServices'],
  },
  {
    name: 'a wrong container',
    inputs: { container: 'wbe' },
    code: 'INPUT_INVALID',
    says: ['could not choose the container of the task definition: there is no container wbe', 'containers: app'],
  },
];

const registryRows: readonly Row[] = [
  {
    name: 'a short commit where the full one is the tag',
    given: ({ world }) => void world.publish(COMMIT, {}),
    inputs: { image: 'ghcr.io/acme/agent:9fceb02' },
    code: 'IMAGE_NOT_FOUND',
    says: ['could not find ghcr.io/acme/agent:9fceb02: ghcr.io does not have it', `Did you mean ${COMMIT}?`],
  },
  {
    name: 'a full commit where the short one is the tag',
    given: ({ world }) => void world.publish('sha-9fceb02', {}),
    inputs: { image: `ghcr.io/acme/agent:${COMMIT}` },
    code: 'IMAGE_NOT_FOUND',
    says: ['Did you mean sha-9fceb02?'],
  },
  {
    name: 'a misspelt tag',
    given: ({ world }) => void world.publish('release-42', {}),
    inputs: { image: 'ghcr.io/acme/agent:relaese-42' },
    code: 'IMAGE_NOT_FOUND',
    says: ['Did you mean release-42?'],
  },
  {
    name: 'a repository that does not exist',
    inputs: { image: 'ghcr.io/acme/agnet:v2' },
    code: 'IMAGE_NOT_FOUND',
    says: ['could not find ghcr.io/acme/agnet:v2', 'the name of the repository may be wrong'],
  },
  {
    name: 'a digest that does not exist',
    inputs: { image: `ghcr.io/acme/agent@${NO_DIGEST}` },
    code: 'IMAGE_NOT_FOUND',
    says: [`could not find ghcr.io/acme/agent@${NO_DIGEST}`, 'the spelling of the digest'],
  },
  {
    name: 'a registry that answers with another digest',
    given: ({ world }) => {
      const headers = { 'docker-content-digest': OTHER_DIGEST };
      const act = { kind: 'status', status: 200, headers, body: OTHER_MANIFEST } as const;
      world.edge.faults.add({ operation: /^registry:GET manifest$/, when: 'before', act });
    },
    inputs: { image: `ghcr.io/acme/agent@${NO_DIGEST}` },
    code: 'IMAGE_INVALID',
    says: [`could not resolve ghcr.io/acme/agent@${NO_DIGEST}: ghcr.io answers with ${OTHER_DIGEST} instead`],
  },
  {
    name: 'a registry whose host nobody knows',
    inputs: { image: 'registry.nowhere.example/acme/agent:v2' },
    code: 'NETWORK',
    says: ['could not reach registry.nowhere.example', 'Check the spelling of the host'],
  },
  {
    name: 'a registry that refuses connections',
    inputs: { image: 'localhost:1/acme/agent:v2' },
    code: 'NETWORK',
    says: ['could not reach localhost:1', 'ECONNREFUSED', 'Check the spelling of the host'],
  },
  {
    name: 'a wrong password',
    inputs: { 'registry-password': 'ghs_wrongPassword' },
    code: 'AUTH_FAILED',
    says: ['could not log in to ghcr.io: 401', 'Check the credentials for ghcr.io', '`packages: read`'],
  },
  {
    name: 'a token without the permission for packages',
    given: ({ world }) => {
      const body = '{"errors":[{"code":"DENIED","message":"permission_denied: read_package"}]}';
      const act = { kind: 'status', status: 403, body } as const;
      world.edge.faults.add({ operation: /^registry:GET token$/, when: 'before', act });
    },
    code: 'AUTH_FAILED',
    says: ['could not log in to ghcr.io: 403 DENIED: permission_denied: read_package', '`packages: read`'],
  },
  {
    name: 'an image in ECR that the role may not pull',
    given: ({ world }) => world.aws.deny('ecr:BatchGetImage'),
    inputs: { image: `${ECR_HOST}/agent:v1`, 'copy-to': '', 'registry-username': '', 'registry-password': '' },
    code: 'PERMISSION_DENIED',
    says: [`could not read ${ECR_HOST}/agent:v1: 403`, 'Add ecr:BatchGetImage to the policy of the role'],
  },
  {
    name: 'a role that may not log in to ECR',
    given: ({ world }) => world.aws.deny('ecr:GetAuthorizationToken'),
    code: 'PERMISSION_DENIED',
    says: ['could not log in to ECR', 'Add ecr:GetAuthorizationToken'],
  },
];

describe.each([
  ['inputs', inputRows],
  ['the account', accountRows],
  ['the registry', registryRows],
])('%s: refused, and not one call was made that changes something', (_, rows) => {
  test.each(rows)('$name', async ({ world, given, inputs = {}, env = {}, code, says }) => {
    const agent = await givenAgent(world);
    const image = agent.world.publish('v2', {});
    given?.(agent);
    const { failure, text, main } = await refuse(agent, { image, ...inputs }, { env });
    expect(failure.code).toBe(code);
    for (const part of says) expect(text).toContain(part);
    expect(mutations(agent)).toEqual([]);
    expect(saidBy(main.log) + main.summary).not.toMatch(/hunter2|ghs_wrongPassword/);
  });
});

describe('a destination that takes no push', () => {
  test.each<[string, (agent: Agent) => void, string, readonly string[]]>([
    [
      'because it does not exist',
      ({ world }) => world.aws.enforce(null),
      `${ECR_HOST}/missing`,
      ['NOT_FOUND', "404 NAME_UNKNOWN: The repository with name 'missing' does not exist", 'Create the repository in'],
    ],
    [
      'because the role may not push there',
      ({ world }) => world.aws.deny('ecr:InitiateLayerUpload'),
      `${ECR_HOST}/agent`,
      [
        'PERMISSION_DENIED',
        'not authorized to perform: ecr:InitiateLayerUpload',
        'Add ecr:InitiateLayerUpload to the policy',
      ],
    ],
  ])('%s is refused, and nothing of it took effect', async (_, given, copyTo, says) => {
    const agent = await givenAgent();
    given(agent);
    const { text, failure } = await refuse(agent, { image: agent.world.publish('v2', {}), 'copy-to': copyTo });
    for (const part of says) expect(`${failure.code} ${text}`).toContain(part);
    expect(mutations(agent).filter((call) => !/^registry:POST upload 40[34]$/.test(call))).toEqual([]);
  });
});

test('smoke tests that need a URL where none is known are refused', async () => {
  const agent = await givenAgent({ service: { loadBalanced: false } });
  const inputs = { image: agent.world.publish('v2', {}), 'smoke-tests': '- GET /health' };
  const { failure, text } = await refuse(agent, inputs);
  expect(failure.code).toBe('INPUT_INVALID');
  expect(text).toContain('could not tell where to send "GET /health": no address of the service is known');
  expect(text).toContain('Set `url`');
  expect(mutations(agent)).toEqual([]);
});

test('every input problem is told at once, before anybody is called', async () => {
  const agent = await givenAgent();
  const rows = inputRows.filter(({ name }) => !['no image', 'an unknown target'].includes(name));
  const merged: Record<string, string> = Object.assign({}, ...rows.map(({ inputs }) => inputs));
  const { text } = await refuse(agent, merged);
  const named = Object.keys(merged).filter((name) => name !== 'environment-variables');
  for (const name of named) expect(text).toContain(`- ${name}: `);
  expect(agent.world.edge.calls).toEqual([]);
});

test('the post step of a refused run has nothing to add', async () => {
  const agent = await givenAgent();
  const { main, post } = await agent.deploy({ image: '' });
  expect(main.outputs).toMatchObject({ outcome: 'refused' });
  expect(post).toMatchObject({ exitCode: 0, log: '', summary: '' });
});

test('a wrong container is refused before the image is copied', async () => {
  const agent = await givenAgent();
  await refuse(agent, { image: agent.world.publish('v2', {}), container: 'wbe' });
  expect(agent.world.ecr.snapshot().repositories['agent']?.tags).not.toHaveProperty('v2');
});

test('the expected account is looked at before anything else', async () => {
  const agent = await givenAgent();
  await refuse(agent, { image: agent.world.publish('v2', {}), 'expected-account': '210987654321' });
  expect(agent.world.edge.calls.map(({ operation }) => operation)).toEqual(['sts:GetCallerIdentity']);
});

test('credentials of the expected account deploy', async () => {
  const agent = await givenAgent();
  const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), 'expected-account': ACCOUNT });
  expect(main.outputs).toMatchObject({ outcome: 'deployed' });
});

test('files of the checkout are found', async () => {
  const agent = await givenAgent();
  const workspace = await mkdtemp(path.join(os.tmpdir(), 'checkout-'));
  await writeFile(path.join(workspace, 'smoke.yml'), '- POST /: { file: cat.jpg, status: 200 }\n');
  await writeFile(path.join(workspace, 'cat.jpg'), 'meow');
  const { main } = await agent.deploy(
    { image: agent.world.publish('v2', {}), 'smoke-tests': 'smoke.yml', mode: 'plan' },
    { workspace },
  );
  await rm(workspace, { recursive: true });
  expect(main.outputs).toMatchObject({ outcome: 'planned' });
});

/** Nine levels of nine: a billion strings. */
function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const below = level === 0 ? '"lol"' : `*l${level - 1}`;
    return `l${level}: &l${level} [${Array(9).fill(below).join(', ')}]`;
  });
  return levels.join('\n');
}
