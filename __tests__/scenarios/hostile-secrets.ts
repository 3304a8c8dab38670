import { REGISTRY } from '../../simulators/hostile/registry-logins.ts';
import { known, plant } from '../../simulators/planted-secrets.ts';
import { ECR_HOST, SOURCE } from '../../simulators/world.ts';
import { LIVE, S, yaml } from './secret-inventory.ts';

const ECS = /^ecs\./;
const service = new RegExp(`^${LIVE}$`);

/** Everything that a hostile server would like to have, each with who may get it. */
export const H = {
  environment: S.environment,
  sessionToken: S.sessionToken,
  input: plant('environment-variables of a deploy against hostile servers', { owners: ECS }),
  header: plant('header for a hostile service', { owners: service, around: '+/=.&%' }),
  bearer: plant('bearer token for a hostile service', { owners: service, around: '-Xy._~' }),
  cookie: plant('cookie for a hostile service', { owners: service, around: '.' }),
  query: plant('query for a hostile service', { owners: service, around: '.' }),
  json: plant('JSON body for a hostile service', { owners: service }),
  payload: plant('file in the workspace', { owners: service }),
  job: plant('variable of the job'),
  file: plant('file outside of the workspace'),
  password: known('password of the source registry', SOURCE.password, new RegExp(`^(?:${REGISTRY}|${SOURCE.host})$`)),
  token: known('token of the source registry', 'simulated-token-', new RegExp(`^(?:${REGISTRY}|${SOURCE.host})$`)),
};

export const ECR_OWNERS = new RegExp(`^(?:${ECR_HOST}|api\\.ecr\\..*)$`);

const headers = {
  'x-api-key': H.header.value,
  authorization: `Bearer ${H.bearer.value}`,
  cookie: `session=${H.cookie.value}; theme=dark`,
};

/** With everything that a request can have; a GET has no body. */
export function smokeTests({ method = 'POST', ...more }: Readonly<Record<string, unknown>> = {}): string {
  const body = method === 'POST' && !('body-file' in more) ? { 'json-body': { key: H.json.value } } : {};
  return yaml([{ [`${method} /probe?key=${H.query.value}`]: { headers, ...body, 'retry-for': '2s', ...more } }]);
}
