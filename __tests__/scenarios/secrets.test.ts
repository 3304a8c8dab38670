import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import type { AgentService } from '../../simulators/agent-service.ts';
import type { Exchange } from '../../simulators/edge/calls.ts';
import type { FaultAct } from '../../simulators/edge/faults.ts';
import { type ActionOptions, type ActionResult, cancel, type StageResult } from '../../simulators/runner.ts';
import { ECR_HOST, REGION, SOURCE } from '../../simulators/world.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { findLeaks, known, type Leak, type Place, plant, type Secret } from './planted-secrets.ts';

const LIVE = 'agent.acme.dev';
const OTHER = 'other.acme.dev';
const ECS = /^ecs\./;
const CLOUD = /^(?:ecs|sts|logs|elasticloadbalancing|api\.ecr)\.[a-z0-9-]+\.amazonaws\.com$/;

const inHeaders = { around: '+/=.&%' };
const S = {
  environment: plant('environment value of the live definition', { owners: ECS }),
  lines: plant('second line of an environment value', { owners: ECS, around: '\n--\n' }),
  sidecar: plant('environment value of a sidecar', { owners: ECS }),
  label: plant('label of the live definition', { owners: ECS }),
  argument: plant('argument of the live definition', { owners: ECS }),
  unknown: plant('unknown field of the live definition', { owners: ECS }),
  input: plant('environment-variables input', { owners: ECS }),
  dockerOther: plant('docker login of another registry'),
  sessionToken: plant('session token of the cloud', { owners: CLOUD, around: 'IQoJb3JpZ2luX2VjE'.repeat(8) }),
  header: plant('header of a smoke test', { owners: new RegExp(`^${LIVE}$`), ...inHeaders }),
  bearer: plant('bearer token of a smoke test', { owners: new RegExp(`^${LIVE}$`), around: '-._~' }),
  cookie: plant('cookie of a smoke test', { owners: new RegExp(`^${LIVE}$`), around: '.' }),
  query: plant('query of a smoke test', { owners: new RegExp(`^${LIVE}$`), around: '.' }),
  json: plant('JSON body of a smoke test', { owners: new RegExp(`^${LIVE}$`) }),
  body: plant('text body of a smoke test', { owners: new RegExp(`^${LIVE}$`), around: '-' }),
  // The simulated image itself says what it answers, so the registry that it is copied to gets it.
  redirect: plant('query of a redirect', { owners: new RegExp(`^(?:${OTHER}|${ECR_HOST})$`), around: '.' }),
  signature: plant('signature in the address of a layer', { owners: /\.s3\./, around: '.' }),
  errorField: plant('field of an error document'),
  identityToken: plant('token with which the job gets its identity', inHeaders),
  runtimeToken: plant('runtime token of the job', inHeaders),
  mistaken: plant('password in an address', { around: '-' }),
};

const dockerConfig = JSON.stringify({
  auths: {
    [SOURCE.host]: { auth: base64(`${SOURCE.username}:${SOURCE.password}`) },
    'quay.io': { auth: base64(`robot:${S.dockerOther.value}`) },
  },
});

const containers = [
  {
    name: 'web',
    image: `${ECR_HOST}/agent:v1`,
    essential: true,
    environment: [
      { name: 'API_KEY', value: S.environment.value },
      { name: 'PEM', value: S.lines.value },
    ],
    secrets: [{ name: 'TOKEN', valueFrom: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:token' }],
    command: ['serve', '--token', S.argument.value],
    dockerLabels: { 'com.acme.key': S.label.value },
    futureField: { deep: [S.unknown.value] },
    logConfiguration: {
      logDriver: 'awslogs',
      options: { 'awslogs-group': '/ecs/agent', 'awslogs-region': REGION, 'awslogs-stream-prefix': 'ecs' },
    },
  },
  {
    name: 'sidecar',
    image: `${ECR_HOST}/agent:v1`,
    essential: false,
    environment: [{ name: 'DSN', value: S.sidecar.value }],
  },
];

const yaml = (value: unknown): string => JSON.stringify(value);
const headers = {
  'x-api-key': S.header.value,
  authorization: `Bearer ${S.bearer.value}`,
  cookie: `session=${S.cookie.value}; theme=dark`,
};
const predict = (more: object): string =>
  yaml([
    {
      [`POST /predict?key=${S.query.value}`]: {
        headers,
        'json-body': { key: S.json.value },
        'retry-for': '2s',
        ...more,
      },
    },
  ]);

interface Story {
  readonly title: string;
  /** What the step's outcome is; null: it did not live to say. */
  readonly outcome: string | null;
  readonly behaviour?: object;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly faults?: Readonly<Record<string, FaultAct>>;
  readonly dockerConfig?: string;
  readonly options?: (agent: AgentService) => Partial<ActionOptions>;
  /** That the story was the one that it was meant to be. */
  readonly says?: RegExp;
}

const echo = (status: number) => ({
  answers: { '/predict': { status, echo: true }, '/echo': { status: 200, echo: true } },
});
const status = (code: number, body: string, more: Readonly<Record<string, string>> = {}): FaultAct => ({
  kind: 'status',
  status: code,
  headers: more,
  body,
});
const awsError = (type: string, message: string): FaultAct =>
  status(400, JSON.stringify({ __type: type, message, Detail: S.errorField.value }), {
    'content-type': 'application/x-amz-json-1.1',
  });
const registryError = (code: number, message: string): FaultAct =>
  status(code, JSON.stringify({ errors: [{ code: 'DENIED', message, detail: { seen: S.errorField.value } }] }), {
    'content-type': 'application/json',
  });

const basic = base64(`${SOURCE.username}:${SOURCE.password}`);
const canonical = `The request signature we calculated does not match the signature you provided.\n\nThe Canonical String for this request should have been\n'POST\n/\n\nx-amz-security-token:${S.sessionToken.value}\n'`;

const stories: readonly Story[] = [
  {
    title: 'a good deploy',
    outcome: 'deployed',
    behaviour: echo(200),
    inputs: { 'smoke-tests': `${predict({ contains: 'POST' }).slice(0, -1)}, {"run": "env | cut -d= -f1"}]` },
    says: /Deployed/,
  },
  {
    title: 'a good deploy with the login in the inputs',
    outcome: 'deployed',
    inputs: { 'registry-username': SOURCE.username, 'registry-password': SOURCE.password },
  },
  { title: 'an echo with the wrong status', outcome: 'rolled-back', behaviour: echo(500), says: /got 500/ },
  {
    title: 'an echo without the text',
    outcome: 'rollback-unconfirmed',
    behaviour: echo(200),
    inputs: { 'smoke-tests': predict({ contains: 'not there' }) },
  },
  {
    title: 'an echo with another value',
    outcome: 'rollback-unconfirmed',
    behaviour: echo(200),
    inputs: { 'smoke-tests': predict({ json: { body: 'x', headers: { 'x-api-key': 'y' } } }) },
    says: /expected "x", got/,
  },
  {
    title: 'an echo of a text body',
    outcome: 'rolled-back',
    behaviour: echo(500),
    inputs: {
      'smoke-tests': yaml([{ 'POST /predict': { body: `user=me&password=${S.body.value}`, 'retry-for': '0s' } }]),
    },
  },
  {
    title: 'a redirect to another origin that is followed',
    outcome: 'rollback-unconfirmed',
    behaviour: {
      answers: {
        '/predict': { status: 302, headers: { location: `https://${OTHER}/echo?token=${S.redirect.value}` } },
        '/echo': { status: 200, echo: true },
      },
    },
    inputs: {
      'smoke-tests': yaml([
        { 'GET /predict': { headers, contains: 'not there', 'cross-origin-redirects': true, 'retry-for': '0s' } },
      ]),
    },
    says: /to contain "not there"/,
  },
  {
    title: 'a redirect to another origin that is not followed',
    outcome: 'rolled-back',
    behaviour: {
      answers: {
        '/predict': { status: 307, headers: { location: `https://${OTHER}/echo?token=${S.redirect.value}` } },
      },
    },
    says: /to another origin \(https:\/\/other\.acme\.dev\) is not followed/,
  },
  {
    title: 'a crash loop',
    outcome: 'rolled-back',
    behaviour: { crash: { afterMs: 1_000, exitCode: 3, logs: ['KeyError'] } },
    says: /KeyError/,
  },
  {
    title: 'a definition that the cloud refuses, quoting it',
    outcome: 'refused',
    faults: {
      'ecs:RegisterTaskDefinition': awsError(
        'ClientException',
        `Invalid environment: ${S.lines.value} and ${S.environment.value} or ${JSON.stringify(S.input.value)} ${S.sidecar.value} ${S.argument.value} ${S.label.value} ${S.unknown.value}`,
      ),
    },
    says: /ClientException: Invalid environment/,
  },
  {
    title: 'a signature that the cloud refuses, quoting the request',
    outcome: 'refused',
    faults: { 'ecs:DescribeServices': awsError('InvalidSignatureException', canonical) },
    says: /InvalidSignatureException/,
  },
  {
    title: 'a session that the cloud refuses, quoting the token',
    outcome: 'refused',
    faults: {
      'ecs:DescribeServices': awsError('UnrecognizedClientException', `The token ${S.sessionToken.value} is not valid`),
    },
    says: /UnrecognizedClientException/,
  },
  {
    title: 'a login that the cloud refuses',
    outcome: 'refused',
    faults: { 'ecr:GetAuthorizationToken': awsError('ServerException', `no ${S.sessionToken.value}`) },
  },
  {
    title: 'a token service that repeats the login',
    outcome: 'refused',
    faults: { 'registry:GET token': status(401, `{"details":"wrong: ${SOURCE.password} Basic ${basic}"}`) },
    says: /could not log in to ghcr\.io: 401/,
  },
  {
    title: 'a token service that answers something else',
    outcome: 'refused',
    faults: { 'registry:GET token': status(200, `{"token":"${SOURCE.password}\\n", "access_token": ["${basic}"`) },
    says: /sent no token/,
  },
  {
    title: 'a token service that breaks off in its answer',
    outcome: 'refused',
    faults: { 'registry:GET token': status(403, `{"refresh_token":"${S.errorField.marks.join('')}`) },
    says: /could not log in to ghcr\.io: 403/,
  },
  {
    title: 'a token service with a document of its own',
    outcome: 'refused',
    faults: { 'registry:GET token': status(403, JSON.stringify({ message: 'no', refresh_token: S.errorField.value })) },
    says: /could not log in to ghcr\.io: 403/,
  },
  {
    title: 'a realm with a password in it',
    outcome: 'refused',
    faults: {
      'registry:GET ping': status(401, '', {
        'www-authenticate': `Bearer realm="https://me:${S.mistaken.value}@ghcr.io/token?key=${S.mistaken.value}"`,
      }),
    },
    says: /it has credentials in it/,
  },
  {
    title: 'a registry that repeats the token',
    outcome: 'refused',
    faults: {
      'registry:(GET|HEAD) manifest': registryError(403, 'denied: Bearer simulated-token-1 (simulated-token-1)'),
    },
    says: /DENIED: denied/,
  },
  {
    title: 'a registry that repeats the password',
    outcome: 'refused',
    faults: {
      'registry:POST upload': registryError(400, `bad header Basic ${base64(`AWS:${ecrPassword()}`)} ${ecrPassword()}`),
    },
    says: /DENIED: bad header/,
  },
  {
    title: 'a layer whose address is signed',
    outcome: 'refused',
    faults: {
      'registry:GET blob': status(307, '', {
        location: `https://prod-${REGION}-starport-layer-bucket.s3.${REGION}.amazonaws.com/storage/x?X-Amz-Signature=${S.signature.value}`,
      }),
      'registry:GET storage': status(
        403,
        `<?xml version="1.0"?><Error><Code>SignatureDoesNotMatch</Code><SignatureProvided>${S.signature.value}</SignatureProvided></Error>`,
        { 'content-type': 'application/xml' },
      ),
    },
    says: /403/,
  },
  {
    title: "docker's config that is broken",
    outcome: 'refused',
    dockerConfig: dockerConfig.slice(0, -10),
    says: /config\.json/,
  },
  {
    title: 'inputs that are wrong',
    outcome: 'refused',
    inputs: {
      image: `https://octocat:${S.mistaken.value}@ghcr.io/acme/agent:v2`,
      'copy-to': `octocat:${S.mistaken.value}@ghcr.io/acme/agent`,
      url: `https://me:${S.mistaken.value}@${LIVE}/?key=${S.mistaken.value}`,
      'environment-variables': `A: ${JSON.stringify(S.input.value)}\nB=${S.input.marks[0]}: x\n- y`,
      'smoke-tests': `- GET /x: { headers: { a b: ${JSON.stringify(S.header.value)} }, json-bdy: { a: ${JSON.stringify(S.json.value)} } }\n- GET https://me:${S.mistaken.value}@${LIVE}/?key=${S.query.value}`,
    },
    says: /5 are wrong|5 inputs are wrong/,
  },
  { title: 'a cancelled job', outcome: null, options: (agent) => cancelledAt(agent, 20_000), says: /cancelled/ },
  { title: 'a killed job', outcome: null, options: killedAfterUpdate, says: /rolled-back/ },
  {
    title: 'a killed job whose way back is refused',
    outcome: null,
    options: (agent) => killedAfterUpdate(agent, awsError('InvalidSignatureException', canonical)),
    says: /rollback-failed/,
  },
];

let looked = 0;
const planted = new Set(Object.values(S).map(({ name }) => name));
const leaked = new Set<string>();

afterEach(closeAgents);
afterAll(() => {
  process.stdout.write(`${leaked.size} of ${planted.size} planted secrets found in ${looked} places\n`);
});

describe('no planted secret is found in the log, the summary, outputs, state, report or another host, in', () => {
  test.each(stories)('$title', async (story) => {
    const { result, places, secrets } = await tell(story);
    const said = withoutMasks(result.main.log + result.post.log + result.summary);
    expect({ outcome: result.main.outputs['outcome'] ?? null, said }).toEqual({
      outcome: story.outcome,
      said: expect.stringMatching(story.says ?? /\S/),
    });
    const found = findLeaks(secrets, places);
    looked += places.length;
    for (const { name } of secrets) planted.add(name);
    for (const { secret } of found) leaked.add(secret);
    expect(found.map(sentence)).toEqual([]);
  });
});

describe('the search', () => {
  test('finds what is there, in every kind of place and in every form', async () => {
    const { places } = await tell(stories[2]!);
    const service = [known('service', 'agent'), known('user', SOURCE.username), known('cluster', 'production')];
    const found = findLeaks(service, places).map(sentence).join('\n');
    for (const place of [
      'the log of main',
      'the summary of main',
      'the outputs of main',
      'the state of main',
      'report.json',
    ]) {
      expect(found).toMatch(new RegExp(`service \\(as it is\\) in ${place}`));
    }
    expect(found).toContain(`user (in base64) in a request to ${SOURCE.host}`);
    expect(found).toContain(`cluster (as it is) in a request to ecs.${REGION}.amazonaws.com`);
    const open = places.map(({ name, text }) => ({ name, text }));
    const own = findLeaks(Object.values(S), open).map(sentence);
    expect(own).toContain(`${S.json.name} (as it is) in a request to ${LIVE}`);
    expect(own).toContain(`${S.unknown.name} (as it is) in a request to ecs.${REGION}.amazonaws.com`);
    expect(own).toContain(`${S.sessionToken.name} (as it is) in a request to ecs.${REGION}.amazonaws.com`);
  });
});

describe('a smoke test that is a command', () => {
  test('gets no input, no state and none of the tokens of the job', async () => {
    const run = 'test "$DEPLOY_URL" && env | cut -d= -f1 | sort | paste -sd, | sed "s/^/NAMES,/; s/$/,/"';
    const { result } = await tell({ title: '', outcome: 'deployed', inputs: { 'smoke-tests': yaml([{ run }]) } });
    const names = /NAMES,(.*),/.exec(result.main.log)?.[1]?.split(',') ?? [];
    expect(names).toEqual(
      expect.arrayContaining(['DEPLOY_URL', 'DEPLOY_REVISION', 'DEPLOY_IMAGE', 'PATH', 'AWS_REGION']),
    );
    expect(
      names.filter((name) => /^(INPUT_|STATE_|ACTIONS_|GITHUB_(STATE|OUTPUT|ENV|PATH|STEP_SUMMARY)$)/.test(name)),
    ).toEqual([]);
  });
});

describe('what a container prints', () => {
  const hostile = [
    '::set-output name=outcome::planted',
    '  ::add-mask::agent',
    '::stop-commands::planted',
    '##[error]planted',
    'text ##[set-env name=PATH]planted',
    'a\r::error::planted',
    'b\n::warning::planted',
    '\u001b[31mred\u001b[0m \u202egnp.exe\u2066 \u0007',
    '```\n</details><img src=x onerror=alert(1)>',
  ];

  test.each([
    ['when it crashes', { crash: { afterMs: 1_000, exitCode: 3, logs: hostile } }, yaml(['GET /health'])],
    [
      'in its answers',
      { answers: { '/predict': { status: 500, body: hostile.join('\n') } } },
      yaml([{ 'POST /predict': { 'retry-for': '0s' } }]),
    ],
    [
      'through a command',
      {},
      yaml([{ run: `printf '%s\\n' ${hostile.map((line) => `$'${escapeShell(line)}'`).join(' ')}; exit 1` }]),
    ],
  ])('issues no command and hides nothing, %s', async (title, behaviour, smokeTests) => {
    const { result } = await tell({ title, outcome: null, behaviour, inputs: { 'smoke-tests': smokeTests } });
    const { main, post } = result;
    const names = [main, post].flatMap(commandsIn);
    expect(main.outputs['outcome']).toMatch(/^rolled-back$|^rollback-unconfirmed$/);
    expect(main.log).toContain('planted');
    expect(names.filter((name) => !['group', 'endgroup', 'add-mask', 'error'].includes(name))).toEqual([]);
    expect(names.filter((name) => name === 'error')).toHaveLength(1);
    expect(main.log).not.toMatch(/::add-mask::agent$/m);
    for (const text of [main.log, main.summary]) expect(text).not.toMatch(/[^\P{Cc}\n\t]|\p{Bidi_Control}/u);
    expect(main.summary.replace(/^(`{3,})text$[\s\S]*?^\1$/gm, '').replace(/(`+).*?\1/g, '')).not.toMatch(
      /<(?!https:)/,
    );
  });
});

/** Runs the action in a world in which everything is planted, and collects whatever anybody could read. */
async function tell(
  story: Story,
): Promise<{ result: ActionResult; places: readonly Place[]; secrets: readonly Secret[] }> {
  const agent = await givenAgent({
    sessionToken: S.sessionToken.value,
    service: { containers, customDomains: [LIVE, OTHER] },
  });
  const exchanges: Exchange[] = [];
  agent.world.edge.onExchange((exchange) => exchanges.push(exchange));
  for (const [operation, act] of Object.entries(story.faults ?? {})) {
    // After the effect, so that the request is among the exchanges.
    agent.world.edge.faults.add({ operation: new RegExp(`^${operation}$`), when: 'after', act });
  }
  const directory = await mkdtemp(path.join(os.tmpdir(), 'secrets-'));
  try {
    await mkdir(path.join(directory, 'home/.docker'), { recursive: true });
    await writeFile(path.join(directory, 'home/.docker/config.json'), story.dockerConfig ?? dockerConfig);
    const result = await agent.deploy(
      { ...inputsFor(agent, story), ...story.inputs },
      {
        directory,
        env: {
          ACTIONS_ID_TOKEN_REQUEST_TOKEN: S.identityToken.value,
          ACTIONS_ID_TOKEN_REQUEST_URL: 'https://token.actions.githubusercontent.com/x',
          ACTIONS_RUNTIME_TOKEN: S.runtimeToken.value,
        },
        ...story.options?.(agent),
      },
    );
    const places = [...placesOf(result), ...(await filesIn(path.join(directory, 'temp'))), ...requestsOf(exchanges)];
    return { result, places, secrets: [...Object.values(S), ...seenSecrets(agent, exchanges)] };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function inputsFor(agent: AgentService, { behaviour }: Story): Record<string, string> {
  return {
    image: agent.world.publish('v2', behaviour ?? {}),
    container: 'web',
    'registry-username': '',
    'registry-password': '',
    'environment-variables': `NEW_KEY: ${JSON.stringify(S.input.value)}`,
    'smoke-tests': predict({}),
  };
}

/** What the clouds handed out while it ran, and what they know each other by. */
function seenSecrets(agent: AgentService, exchanges: readonly Exchange[]): readonly Secret[] {
  const bodies = (operation: string) =>
    exchanges.filter((exchange) => exchange.operation === operation).map(({ answer }) => String(answer.body));
  const tokens = bodies('registry:GET token').map((body) => (JSON.parse(body) as { token?: string }).token ?? '');
  const logins = bodies('ecr:GetAuthorizationToken').flatMap((body) => {
    const encoded = /"authorizationToken":"([^"]+)"/.exec(body)?.[1] ?? '';
    return [encoded, Buffer.from(encoded, 'base64').toString().replace(/^AWS:/, '')];
  });
  return [
    known('secret key of the cloud', agent.world.env['AWS_SECRET_ACCESS_KEY']!),
    known('password of the source registry', SOURCE.password, /^ghcr\.io$/),
    ...tokens.filter(Boolean).map((token) => known('registry token', token, /^ghcr\.io$/)),
    ...logins.filter(Boolean).map((login) => known('ECR login', login, /\.dkr\.ecr\./)),
  ];
}

function placesOf({ main, post }: ActionResult): readonly Place[] {
  return [
    ['main', main],
    ['post', post],
  ].flatMap(([name, stage]) => {
    const { log, summary, outputs, state } = stage as StageResult;
    return [
      { name: `the log of ${name}`, text: withoutMasks(log) },
      {
        name: `the log of ${name}, decoded`,
        text: decodeURIComponent(withoutMasks(log).replace(/%(?![0-9A-F]{2})/g, '%25')),
      },
      { name: `the summary of ${name}`, text: summary },
      { name: `the outputs of ${name}`, text: JSON.stringify(outputs) },
      { name: `the state of ${name}`, text: JSON.stringify(state) },
    ];
  });
}

function sentence({ secret, form, place }: Leak): string {
  return `${secret} (${form}) in ${place}`;
}

/** The runner hides them. */
function withoutMasks(log: string): string {
  return log.replace(/^::add-mask::.*$/gm, '');
}

async function filesIn(directory: string): Promise<readonly Place[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return await Promise.all(
    files.map(async ({ parentPath, name }) => ({ name, text: await readFile(path.join(parentPath, name), 'utf8') })),
  );
}

function requestsOf(exchanges: readonly Exchange[]): readonly Place[] {
  return exchanges.map(({ request }) => ({
    name: `a request to ${request.url.hostname}`,
    host: request.url.hostname,
    text: [request.method, request.url.href, ...Object.entries(request.headers).flat(), request.body.toString()].join(
      '\n',
    ),
  }));
}

/** As the runner reads a log: actions/runner ActionCommand.cs. */
function commandsIn({ log }: StageResult): readonly string[] {
  return log.split(/\r\n|\n|\r/).flatMap((line) => {
    const found = /^::([A-Za-z-]+)/.exec(line.trimStart())?.[1] ?? (line.includes('##[') ? '##[' : null);
    return found === null ? [] : [found];
  });
}

function cancelledAt(agent: AgentService, afterMs: number): Partial<ActionOptions> {
  let cancelled = false;
  return {
    onStart: (child) => {
      if (cancelled) return;
      const stop = agent.world.clock.every(afterMs, async () => {
        stop();
        cancelled = true;
        cancel(child);
      });
    },
  };
}

/** `then`: what the cloud answers to everything that the post step asks. */
function killedAfterUpdate(agent: AgentService, then?: FaultAct): Partial<ActionOptions> {
  let killed = false;
  return {
    onStart: (child) => {
      if (killed) return;
      agent.world.edge.onCall((call, when) => {
        if (killed || when !== 'after' || call.operation !== 'ecs:UpdateService') return;
        killed = true;
        child.kill('SIGKILL');
        if (then) agent.world.edge.faults.add({ operation: /^ecs:/, when: 'after', act: then });
      });
    },
  };
}

/** Of ECR, whose first password is always the same in a simulated account. */
function ecrPassword(): string {
  return base64(JSON.stringify({ version: '2', type: 'DATA_KEY', n: 0 }));
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function escapeShell(text: string): string {
  return [...text].map((character) => `\\U${character.codePointAt(0)!.toString(16).padStart(8, '0')}`).join('');
}
