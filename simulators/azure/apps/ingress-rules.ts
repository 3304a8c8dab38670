import type { SimulatedRequest, SimulatedResponse } from '../../edge/host.ts';
import { at, objectAt, objectsAt, textAt } from '../../json.ts';
import type { ContainerApp } from './state.ts';

/** As seen from GitHub's runners, where every request of a test comes from. */
export const CLIENT_ADDRESS = '203.0.113.40';

/** The response of the ingress itself to a request that it refuses; null: the request goes on to a revision. */
export function refusalOf(app: ContainerApp, request: SimulatedRequest): SimulatedResponse | null {
  return (
    redirectToTls(app, request) ?? refuseAddress(app) ?? refuseUncertified(app) ?? refuseUnauthenticated(app, request)
  );
}

function redirectToTls(app: ContainerApp, { url }: SimulatedRequest): SimulatedResponse | null {
  if (url.protocol === 'https:' || at(ingressOf(app), 'allowInsecure') === true) return null;
  return { status: 301, headers: { location: url.href.replace(/^http:/, 'https:') } };
}

/** https://learn.microsoft.com/azure/container-apps/ip-restrictions: all rules allow, or all deny. */
function refuseAddress(app: ContainerApp): SimulatedResponse | null {
  const rules = objectsAt(ingressOf(app), 'ipSecurityRestrictions');
  const matches = rules.find((rule) => isInRange(CLIENT_ADDRESS, textAt(rule, 'ipAddressRange')));
  const allowed = rules.some((rule) => textAt(rule, 'action') === 'Allow')
    ? matches !== undefined
    : matches === undefined;
  return allowed ? null : { status: 403, headers: { 'content-type': 'text/plain' }, body: 'RBAC: access denied' };
}

/** In reality the handshake fails; the edge requests no certificate, so the response is HTTP here. */
function refuseUncertified(app: ContainerApp): SimulatedResponse | null {
  if (textAt(ingressOf(app), 'clientCertificateMode').toLowerCase() !== 'require') return null;
  return { status: 403, headers: { 'content-type': 'text/plain' }, body: 'client certificate required' };
}

/** Easy Auth: https://learn.microsoft.com/azure/container-apps/authentication */
function refuseUnauthenticated(app: ContainerApp, { url, headers }: SimulatedRequest): SimulatedResponse | null {
  const properties = objectAt(app.authConfigs.get('current'), 'properties');
  if (at(properties, 'platform', 'enabled') !== true) return null;
  const validation = objectAt(properties, 'globalValidation');
  const excluded = at(validation, 'excludedPaths');
  if (Array.isArray(excluded) && excluded.includes(url.pathname)) return null;
  if (/^Bearer \S/.test(headers['authorization'] ?? '')) return null;
  const action = textAt(validation, 'unauthenticatedClientAction') || 'RedirectToLoginPage';
  if (action === 'AllowAnonymous') return null;
  if (action === 'Return403') return { status: 403, headers: { 'content-type': 'text/plain' }, body: 'forbidden' };
  if (action === 'Return401') return { status: 401, headers: { 'www-authenticate': `Bearer realm="${url.host}"` } };
  const provider = textAt(validation, 'redirectToProvider') || 'aad';
  const location = `https://${url.host}/.auth/login/${provider}?post_login_redirect_uri=${encodeURIComponent(url.pathname)}`;
  return { status: 302, headers: { location } };
}

function ingressOf(app: ContainerApp) {
  return objectAt(app.document, 'properties', 'configuration', 'ingress');
}

function isInRange(address: string, range: string): boolean {
  const [base = '', bits = '32'] = range.split('/');
  const shift = 32 - Number(bits);
  return toNumber(address) >> BigInt(shift) === toNumber(base) >> BigInt(shift);
}

function toNumber(address: string): bigint {
  return address.split('.').reduce((sum, part) => sum * 256n + BigInt(Number(part) || 0), 0n);
}
