import type { SimulatedRequest, TimeSource } from '../edge/host.ts';
import { type AcrAuth, acrAccess } from './acr-access.ts';
import { type Answer, answerJson, refuse } from './answer.ts';
import { type Access, challengeFor, parseBasic, parseScope } from './challenge.ts';
import { parseRoute, type Route } from './route.ts';

export type RegistryAuth =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'bearer';
      /** User -> password. */
      readonly users: Readonly<Record<string, string>>;
      /** More passwords, from elsewhere. They are also taken without the exchange, as Basic and as Bearer. */
      readonly accepts?: (password: string) => boolean;
      /** The user that such a password is for. */
      readonly user?: string;
      /** Why such a caller may not do this in a repository (403); null: it may. */
      readonly refusal?: (grant: string) => string | null;
      /** Default `/token`. */
      readonly tokenPath?: string;
      /** How its tokens begin; default `simulated-token`. */
      readonly tokenName?: string;
      /** Default 300 s. */
      readonly tokenLifetimeMs?: number;
      /** May a client without a password pull? Default true. */
      readonly anonymousPull?: boolean;
    }
  /** As ECR: user AWS, and a password from elsewhere. */
  | {
      readonly kind: 'basic';
      readonly accepts: (password: string) => boolean;
      /** IAM's sentence for an action that the caller's role lacks; null: it may. */
      readonly denial?: (action: string, repository: string) => string | null;
    }
  | AcrAuth;

interface Token {
  readonly grants: { has(grant: string): boolean };
  readonly expiresAt: number;
}

const ALL = { has: () => true };

export function openAccess(auth: RegistryAuth, clock: TimeSource): Access {
  if (auth.kind === 'anonymous') return { issueToken: noSuchPage, check: () => null, allows: () => true };
  if (auth.kind === 'basic') return basicAccess(auth);
  if (auth.kind === 'acr') return acrAccess(auth, clock);
  return bearerAccess(auth, clock);
}

function noSuchPage(): Answer {
  return { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found\n' };
}

function basicAccess({ accepts, denial }: Extract<RegistryAuth, { kind: 'basic' }>): Access {
  return {
    issueToken: noSuchPage,
    allows: () => true,
    check(request) {
      const credentials = parseBasic(request.headers['authorization']);
      if (!credentials) {
        const realm = `Basic realm="${request.url.origin}/",service="ecr.amazonaws.com"`;
        return { status: 401, headers: { 'www-authenticate': realm }, body: 'Not Authorized\n' };
      }
      if (credentials.username === 'AWS' && accepts(credentials.password)) return refuseDenied(request, denial);
      // 400 and no challenge: https://github.com/aws/containers-roadmap/issues/2835
      return refuse(400, 'DENIED', 'Your Authorization Token is invalid.');
    },
  };
}

/** https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html */
function refuseDenied(
  request: SimulatedRequest,
  denial: Extract<RegistryAuth, { kind: 'basic' }>['denial'],
): Answer | null {
  const route = parseRoute(request.url.pathname);
  if (!('repository' in route)) return null;
  const actions = actionsOf(request, route.kind);
  const message = actions.map((action) => denial?.(action, route.repository) ?? null).find((why) => why !== null);
  return message === undefined || message === null ? null : refuse(403, 'DENIED', message);
}

function actionsOf({ method, body }: SimulatedRequest, kind: Route['kind']): readonly string[] {
  const reads = method === 'GET' || method === 'HEAD';
  if (kind === 'manifest') return [reads ? 'ecr:BatchGetImage' : 'ecr:PutImage'];
  if (kind === 'blob') return [method === 'HEAD' ? 'ecr:BatchCheckLayerAvailability' : 'ecr:GetDownloadUrlForLayer'];
  if (kind === 'tags') return ['ecr:ListImages'];
  if (kind !== 'upload') return [];
  if (method === 'POST') return ['ecr:InitiateLayerUpload'];
  // A PUT with bytes is the last part and the end of the upload at once.
  const part = method === 'PUT' && body.length === 0 ? [] : ['ecr:UploadLayerPart'];
  return method === 'PUT' ? [...part, 'ecr:CompleteLayerUpload'] : part;
}

function bearerAccess(auth: Extract<RegistryAuth, { kind: 'bearer' }>, clock: TimeSource): Access {
  const tokens = new Map<string, Token>();
  const find = (request: SimulatedRequest): Pick<Token, 'grants'> | null => {
    const header = request.headers['authorization'] ?? '';
    const bearer = /^Bearer (\S+)$/i.exec(header)?.[1] ?? '';
    const basic = parseBasic(header);
    const password = basic?.username === auth.user ? basic?.password : bearer;
    if (password && auth.accepts?.(password)) return { grants: ALL };
    const token = tokens.get(bearer);
    return token && clock.now() < token.expiresAt ? token : null;
  };
  return {
    issueToken: (request) => issueToken(request, { auth, clock, tokens }),
    allows: (request, grant) => find(request)?.grants.has(grant) ?? false,
    check(request, grants) {
      const token = find(request);
      const refusal = token && grants.map((grant) => auth.refusal?.(grant) ?? null).find((why) => why !== null);
      if (refusal) return refuse(403, 'DENIED', refusal);
      if (token && grants.every((grant) => token.grants.has(grant))) return null;
      const challenge = challengeFor(request, grants, { tooNarrow: token !== null, tokenPath: auth.tokenPath });
      return refuse(401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': challenge });
    },
  };
}

function issueToken(
  request: SimulatedRequest,
  world: {
    readonly auth: Extract<RegistryAuth, { kind: 'bearer' }>;
    readonly clock: TimeSource;
    readonly tokens: Map<string, Token>;
  },
): Answer {
  if (request.method !== 'GET') return refuse(405, 'UNSUPPORTED', 'the operation is unsupported');
  const credentials = parseBasic(request.headers['authorization']);
  const known = credentials !== null && isKnown(world.auth, credentials);
  if (credentials && !known) return refuse(401, 'UNAUTHORIZED', 'incorrect username or password');
  const mayPull = known || world.auth.anonymousPull !== false;
  const grants = request.url.searchParams
    .getAll('scope')
    .flatMap((scope) => scope.split(' '))
    .flatMap(parseScope)
    .filter((grant) => known || (mayPull && grant.endsWith(':pull')));
  const lifetimeMs = world.auth.tokenLifetimeMs ?? 300_000;
  const token = `${world.auth.tokenName ?? 'simulated-token'}-${world.tokens.size + 1}`;
  world.tokens.set(token, { grants: new Set(grants), expiresAt: world.clock.now() + lifetimeMs });
  return answerJson(200, {
    token,
    access_token: token,
    expires_in: lifetimeMs / 1000,
    issued_at: new Date(world.clock.now()).toISOString(),
  });
}

type BearerAuth = Extract<RegistryAuth, { kind: 'bearer' }>;

function isKnown(auth: BearerAuth, { username, password }: { username: string; password: string }): boolean {
  if (auth.users[username] === password) return true;
  return username === auth.user && (auth.accepts?.(password) ?? false);
}
