import type { FaultAct } from '../../simulators/edge/faults.ts';
import { REGION, SOURCE } from '../../simulators/world.ts';
import { base64, dockerConfig, LIVE, S } from './secret-inventory.ts';
import { awsError, canonical, type Story, status } from './secret-story.ts';

const registryError = (code: number, message: string): FaultAct =>
  status(code, JSON.stringify({ errors: [{ code: 'DENIED', message, detail: { seen: S.errorField.value } }] }), {
    'content-type': 'application/json',
  });

const basic = base64(`${SOURCE.username}:${SOURCE.password}`);

/** Everybody who can refuse, each repeating what it was sent. */
export const refusals: readonly Story[] = [
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
    title: 'invalid inputs',
    outcome: 'refused',
    inputs: {
      image: `https://octocat:${S.mistaken.value}@ghcr.io/acme/agent:v2`,
      'copy-to': `octocat:${S.mistaken.value}@ghcr.io/acme/agent`,
      url: `https://me:${S.mistaken.value}@${LIVE}/?key=${S.mistaken.value}`,
      'environment-variables': `A: ${JSON.stringify(S.input.value)}\nB=${S.input.marks[0]}: x\n- y`,
      'smoke-tests': `- GET /x: { headers: { a b: ${JSON.stringify(S.header.value)} }, json-bdy: { a: ${JSON.stringify(S.json.value)} } }\n- GET https://me:${S.mistaken.value}@${LIVE}/?key=${S.query.value}`,
    },
    says: /5 invalid inputs/,
  },
];

/** Of ECR, whose first password is always the same in a simulated account. */
function ecrPassword(): string {
  return base64(JSON.stringify({ version: '2', type: 'DATA_KEY', n: 0 }));
}
