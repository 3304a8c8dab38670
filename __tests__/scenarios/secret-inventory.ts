import { plant } from '../../simulators/planted-secrets.ts';
import { ECR_HOST, REGION, SOURCE } from '../../simulators/world.ts';

export const LIVE = 'agent.acme.dev';
export const OTHER = 'other.acme.dev';
const ECS = /^ecs\./;
const CLOUD = /^(?:ecs|sts|logs|elasticloadbalancing|api\.ecr)\.[a-z0-9-]+\.amazonaws\.com$/;

const inHeaders = { around: '+/=.&%' };
/** Everything that is planted, each with who may get it. */
export const S = {
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
  webhook: plant('address of a webhook', { owners: /^(?:hooks\.slack\.com|chat\.example)$/, around: '-' }),
  otlpToken: plant('header of a collector', { owners: /^otlp\.example$/, around: '-' }),
  grafanaToken: plant('token for Grafana', { owners: /^grafana\.example$/, around: '_' }),
  gitHubToken: plant('token for GitHub', { owners: /^api\.github\.com$/, around: '_' }),
  mistaken: plant('password in an address', { around: '-' }),
};

export const dockerConfig = JSON.stringify({
  auths: {
    [SOURCE.host]: { auth: base64(`${SOURCE.username}:${SOURCE.password}`) },
    'quay.io': { auth: base64(`robot:${S.dockerOther.value}`) },
  },
});

export const containers = [
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

export const yaml = (value: unknown): string => JSON.stringify(value);
export const headers = {
  'x-api-key': S.header.value,
  authorization: `Bearer ${S.bearer.value}`,
  cookie: `session=${S.cookie.value}; theme=dark`,
};
export const predict = (more: object): string =>
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

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
