import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../../edge/host.ts';
import { isObject, type JsonObject, textAt } from '../../json.ts';
import type { Issuer } from '../../signed-token.ts';
import { type Access, denialInfo, type Principal } from '../access.ts';
import { formatError, GoogleError } from '../google-error.ts';
import { toTime } from '../json.ts';

export interface IamCredentials {
  readonly clock: TimeSource;
  readonly access: Access;
  readonly issuer: Issuer;
  /** The one account that the workflow may act as. */
  readonly serviceAccount: string;
}

const LONGEST_S = 3_600;
export const GOOGLE_ISSUER = 'https://accounts.google.com';

/** https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts */
export function createIamCredentialsHost(credentials: IamCredentials): SimulatedHost {
  return {
    serves: (hostname) => hostname === 'iamcredentials.googleapis.com',
    nameCall: ({ url }) => ({ operation: `iamcredentials:${verbOf(url)}`, mutates: false }),
    handle: (request) => {
      try {
        return answer(credentials, request);
      } catch (error) {
        if (error instanceof GoogleError) return formatError(error);
        throw error;
      }
    },
  };
}

function verbOf(url: URL): string {
  const verb = url.pathname.split(':').at(-1) ?? '';
  return verb.slice(0, 1).toUpperCase() + verb.slice(1);
}

function answer(credentials: IamCredentials, request: SimulatedRequest): SimulatedResponse {
  const principal = credentials.access.authenticate(request);
  const path = decodeURIComponent(request.url.pathname);
  const [, account = ''] =
    /^\/v1\/projects\/-\/serviceAccounts\/([^/:]+):(?:generateAccessToken|generateIdToken)$/.exec(path) ?? [];
  const body: unknown = JSON.parse(request.body.toString() || '{}');
  if (account === '' || !isObject(body))
    throw new GoogleError('NOT_FOUND', 'The requested URL was not found on this server.');
  return path.endsWith(':generateIdToken')
    ? generateIdToken(credentials, { principal, account, body })
    : generateAccessToken(credentials, { principal, account, body });
}

interface Ask {
  readonly principal: Principal;
  readonly account: string;
  readonly body: JsonObject;
}

function generateAccessToken(credentials: IamCredentials, ask: Ask): SimulatedResponse {
  authorize(credentials, ask, 'iam.serviceAccounts.getAccessToken');
  const seconds = Number(/^(\d+)s$/.exec(textAt(ask.body, 'lifetime'))?.[1] ?? LONGEST_S);
  if (seconds > LONGEST_S)
    throw new GoogleError('INVALID_ARGUMENT', `The token lifetime must not exceed ${LONGEST_S}s.`);
  const accessToken = credentials.access.issue({ kind: 'service-account', id: ask.account }, seconds * 1_000);
  return json({ accessToken, expireTime: toTime(credentials.clock.now() + seconds * 1_000) });
}

function generateIdToken(credentials: IamCredentials, ask: Ask): SimulatedResponse {
  authorize(credentials, ask, 'iam.serviceAccounts.getOpenIdToken');
  const audience = textAt(ask.body, 'audience');
  if (audience === '') throw new GoogleError('INVALID_ARGUMENT', 'Request contains an invalid argument.');
  const now = Math.floor(credentials.clock.now() / 1_000);
  const claims = {
    iss: GOOGLE_ISSUER,
    aud: audience,
    azp: ask.account,
    sub: ask.account,
    iat: now,
    exp: now + LONGEST_S,
  };
  const email = ask.body['includeEmail'] === true ? { email: ask.account, email_verified: true } : {};
  return json({ token: credentials.issuer.issue({ ...claims, ...email }) });
}

/**
 * The workflow may act as its account. The account itself may not make tokens of its own: that takes one role more.
 * https://cloud.google.com/iam/docs/create-short-lived-credentials-direct
 */
function authorize({ access, serviceAccount }: IamCredentials, { principal, account }: Ask, permission: string): void {
  const may = account === serviceAccount && principal.kind === 'federated' && access.may(permission);
  if (may) return;
  const message = `Permission '${permission}' denied on resource (or it may not exist).`;
  throw new GoogleError('PERMISSION_DENIED', message, [
    denialInfo(permission, `projects/-/serviceAccounts/${account}`),
  ]);
}

function json(document: JsonObject): SimulatedResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    body: JSON.stringify(document),
  };
}
