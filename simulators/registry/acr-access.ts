import type { SimulatedRequest, TimeSource } from '../edge/host.ts';
import { type Answer, answerJson, refuse } from './answer.ts';
import { type Access, challengeFor, parseBasic, parseScope } from './challenge.ts';

/** As Azure Container Registry: https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md */
export interface AcrAuth {
  readonly kind: 'acr';
  /** Does a token of the tenant open this registry now? */
  readonly accepts: (tenantToken: string) => boolean;
  /** May it be done at all? `grant`: `<repository>:pull`. */
  readonly permits: (grant: string) => boolean;
}

interface Pass {
  /** null: a refresh token, which is good for nothing but access tokens. */
  readonly grants: ReadonlySet<string> | null;
  readonly expiresAt: number;
}

interface Parts {
  readonly auth: AcrAuth;
  readonly clock: TimeSource;
  readonly passes: Map<string, Pass>;
}

const REFRESH_TOKEN_LIFETIME_MS = 3 * 3_600_000;
const ACCESS_TOKEN_LIFETIME_MS = 75 * 60_000;
/** What stands for the user's name where there is only a refresh token. */
const TOKEN_USER = '00000000-0000-0000-0000-000000000000';

export function acrAccess(auth: AcrAuth, clock: TimeSource): Access {
  const parts: Parts = { auth, clock, passes: new Map() };
  const find = (request: SimulatedRequest): Pass | null =>
    findPass(parts, /^Bearer (\S+)$/i.exec(request.headers['authorization'] ?? '')?.[1] ?? '');
  return {
    issueToken: (request) =>
      request.url.pathname === '/oauth2/exchange' ? exchange(parts, request) : issue(parts, request),
    allows: (request, grant) => find(request)?.grants?.has(grant) ?? false,
    check(request, grants) {
      const pass = find(request);
      // A refresh token is refused here: https://github.com/Azure/acr/issues/98
      if (pass?.grants && grants.every((grant) => pass.grants?.has(grant))) return null;
      const challenge = challengeFor(request, grants, { tooNarrow: pass !== null, tokenPath: '/oauth2/token' });
      const message = 'authentication required, visit https://aka.ms/acr/authorization for more information.';
      return refuse(401, 'UNAUTHORIZED', message, { 'www-authenticate': challenge });
    },
  };
}

/** A token of the tenant for a refresh token of this registry. */
function exchange(parts: Parts, request: SimulatedRequest): Answer {
  const form = readForm(request);
  if (form?.get('grant_type') !== 'access_token') return refuse(400, 'BAD_REQUEST', 'grant_type must be access_token');
  if (form.get('service') !== request.url.hostname) return refuse(400, 'BAD_REQUEST', 'service is not this registry');
  if (!parts.auth.accepts(form.get('access_token') ?? '')) {
    return refuse(
      401,
      'UNAUTHORIZED',
      'authentication required, visit https://aka.ms/acr/authorization for more information.',
    );
  }
  return answerJson(200, { refresh_token: remember(parts, null, REFRESH_TOKEN_LIFETIME_MS) });
}

/** A refresh token for an access token: as a form, or as docker and skopeo ask. */
function issue(parts: Parts, request: SimulatedRequest): Answer {
  const form = readForm(request) ?? request.url.searchParams;
  const credentials = parseBasic(request.headers['authorization']);
  const refreshToken = credentials?.username === TOKEN_USER ? credentials.password : (form.get('refresh_token') ?? '');
  if (findPass(parts, refreshToken)?.grants !== null) return refuse(401, 'UNAUTHORIZED', 'authentication required');
  const grants = form
    .getAll('scope')
    .flatMap((scope) => scope.split(' '))
    .flatMap(parseScope)
    .filter(parts.auth.permits);
  return answerJson(200, { access_token: remember(parts, new Set(grants), ACCESS_TOKEN_LIFETIME_MS) });
}

function remember({ clock, passes }: Parts, grants: Pass['grants'], lifetimeMs: number): string {
  const kind = grants ? 'access' : 'refresh';
  const text = `simulated-acr-${kind}-${passes.size + 1}`;
  passes.set(text, { grants, expiresAt: clock.now() + lifetimeMs });
  return text;
}

function findPass({ clock, passes }: Parts, text: string): Pass | null {
  const pass = passes.get(text);
  return pass && clock.now() < pass.expiresAt ? pass : null;
}

/** null: the request is none with a form. */
function readForm({ method, body }: SimulatedRequest): URLSearchParams | null {
  return method === 'POST' ? new URLSearchParams(body.toString()) : null;
}
