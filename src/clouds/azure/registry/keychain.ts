import { readBody } from '../../../io/http.ts';
import type { CancellableIo, Io } from '../../../io/io.ts';
import { DeployError } from '../../../model/errors.ts';
import { textAt, tryParseJson } from '../../../model/json.ts';
import type { Keychain, RegistryCredentials, RegistryTraits } from '../../../model/keychain.ts';
import { readTokenExpiry } from '../../../model/token-expiry.ts';
import { explainWrongAnswer, WrongAnswer } from '../../../model/wrong-answer.ts';
import { type AzureCall, explainErrors } from '../errors.ts';
import type { AzureLogin } from '../login.ts';

const ACR_HOST = /^[a-z0-9][a-z0-9-]{3,}\.azurecr\.io$/i;
/** The user name that marks the password as a refresh token. */
const TOKEN_USER = '00000000-0000-0000-0000-000000000000';
/** Registries accept a token for Resource Manager unless that is switched off; this one they always accept. */
const SCOPE = 'https://containerregistry.azure.net/.default';
const RENEW_BEFORE_MS = 5 * 60_000;
const TIMEOUT_MS = 15_000;

/** https://learn.microsoft.com/azure/container-registry/container-registry-rbac-built-in-roles-overview */
const traits: RegistryTraits = {
  permissions: {
    pull: 'the role AcrPull (or Container Registry Repository Reader) on the registry',
    push: 'the role AcrPush (or Container Registry Repository Writer) on the registry',
  },
  createsRepositories: true,
  tokenHosts: [],
};

/** Credentials for every Azure container registry that the login may use; none where `openLogin` finds no login. */
export function acrKeychain(openLogin: () => Promise<AzureLogin | null>, context: CancellableIo): Keychain {
  const tokens = new Map<string, Promise<Token | null>>();
  return {
    label: 'the job’s Azure identity',
    traits: (registry) => (isAcr(registry) ? traits : null),
    async resolve(registry) {
      if (!isAcr(registry)) return null;
      const known = await tokens.get(registry);
      if (known && known.expiresAt - RENEW_BEFORE_MS > context.io.clock.now()) return known.credentials;
      const token = openLogin().then((login) => login && exchange(registry, login, context));
      tokens.set(registry, token);
      // The next request tries again; the rejection itself reaches the caller of this one.
      token.catch(() => tokens.delete(registry));
      return (await token)?.credentials ?? null;
    },
  };
}

export function isAcr(registry: string): boolean {
  return ACR_HOST.test(registry);
}

interface Token {
  readonly credentials: RegistryCredentials;
  /** Milliseconds since 1970: such a token lives for about three hours. */
  readonly expiresAt: number;
}

/** Entra's token -> the registry's own. https://azure.github.io/acr/AAD-OAuth.html */
async function exchange(
  registry: string,
  { tokens, account }: AzureLogin,
  { io, signal }: CancellableIo,
): Promise<Token> {
  const call = { what: `log in to ${registry}`, action: 'AcrPull or AcrPush', signal };
  const accessToken = await explainErrors(call, () => tokens.get(SCOPE));
  const form = new URLSearchParams({
    grant_type: 'access_token',
    service: registry,
    ...(account.tenantId === '' ? {} : { tenant: account.tenantId }),
    access_token: accessToken,
  });
  const password = await requestToken(registry, form, { call, io });
  io.log.mask(password);
  return { credentials: { username: TOKEN_USER, password }, expiresAt: readTokenExpiry(password) };
}

async function requestToken(
  registry: string,
  form: URLSearchParams,
  { call, io }: { readonly call: AzureCall & { readonly signal: AbortSignal }; readonly io: Io },
): Promise<string> {
  const response = await io.http.send({
    method: 'POST',
    url: new URL(`https://${registry}/oauth2/exchange`),
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': 'deploy-agent' },
    body: form.toString(),
    timeoutMs: TIMEOUT_MS,
    signal: call.signal,
  });
  const body = await readBody(response, { maxBytes: 65_536, timeoutMs: TIMEOUT_MS });
  const token = response.status === 200 ? textAt(tryParseJson(body.toString('utf8')), 'refresh_token') : '';
  if (token !== '') return token;
  if (response.status === 200) {
    throw explainWrongAnswer(new WrongAnswer('the answer has no refresh_token', registry), call.what);
  }
  const message = `could not ${call.what}: status ${response.status}`;
  if (response.status === 429) throw new DeployError('THROTTLED', message, { hint: 'Run again in a minute.' });
  if (response.status >= 500) throw new DeployError('NETWORK', message, { hint: 'Run again.' });
  throw new DeployError('AUTH_FAILED', message, {
    hint: `Give this login ${traits.permissions.push} (AcrPull where it only reads), and check its firewall.`,
  });
}
