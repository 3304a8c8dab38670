import { readIfPossible } from '../../../io/read-optional.ts';
import { type Endpoint, openEndpoint } from '../../../model/endpoint.ts';
import { listAt, objectAt, textAt, valueAt } from '../../../model/json.ts';
import { isOutside } from '../../preview-address.ts';
import { type AppState, type ContainerApp, readAzure } from './app.ts';

/** The app's address; null: it has no ingress, or one that is not HTTP. */
export function findEndpoint(state: AppState): Endpoint | null {
  const host = textAt(state.ingress, 'fqdn');
  return host === '' || isTcp(state) ? null : openEndpoint(`https://${host}`);
}

export function isTcp({ ingress }: AppState): boolean {
  return textAt(ingress, 'transport').toLowerCase() === 'tcp';
}

/**
 * Why its addresses can't be reached from GitHub's own runners; null: they may be, or the environment may not be read. A runner
 * of the user's may be inside. https://learn.microsoft.com/azure/container-apps/networking
 */
export async function findClosedNetwork(app: ContainerApp, { ingress, document }: AppState): Promise<string | null> {
  if (!ingress || !isOutside(app.io)) return null;
  if (ingress['external'] !== true) return 'its ingress is internal';
  const properties = objectAt(document, 'properties');
  const path = textAt(properties, 'environmentId') || textAt(properties, 'managedEnvironmentId');
  if (!/^\/subscriptions\/[^?#]+$/.test(path)) return null;
  const { signal } = app;
  const call = { what: 'read its environment', action: 'Microsoft.App/managedEnvironments/read', signal };
  const read = () => app.arm.send({ ...call, method: 'GET', path });
  const found = await readIfPossible(app.io.log, 'knowing whether its network is closed', read);
  if (textAt(found?.body, 'properties', 'publicNetworkAccess').toLowerCase() === 'disabled')
    return 'its environment has public network access off';
  const isInternal = valueAt(found?.body, 'properties', 'vnetConfiguration', 'internal') === true;
  return isInternal ? 'its environment is internal' : null;
}

/** Warns of what may block smoke tests from this runner, before anything is changed. */
export async function warnOfAccessLimits(app: ContainerApp, state: AppState): Promise<void> {
  const limits = [...listAccessLimits(state), ...(state.ingress ? await findEasyAuth(app) : [])];
  for (const limit of limits) app.io.log.warning(`${app.resource}: ${limit}`);
}

/** Pure: of the ingress. */
export function listAccessLimits({ ingress }: AppState): readonly string[] {
  if (!ingress) return ['it has no ingress, so no smoke test can reach it at an address of its own'];
  const limits: string[] = [];
  if (textAt(ingress, 'transport').toLowerCase() === 'tcp')
    limits.push('its ingress is TCP, so no smoke test can reach it over HTTP');
  if (ingress['external'] !== true)
    limits.push('its ingress is internal: smoke tests reach it only from a runner inside its network');
  if (textAt(ingress, 'clientCertificateMode').toLowerCase() === 'require')
    limits.push('its ingress requires a client certificate, which smoke tests do not have');
  const rules = listAt(ingress, 'ipSecurityRestrictions');
  if (rules.length > 0) {
    const names = rules.slice(0, 5).map((rule) => textAt(rule, 'name') || textAt(rule, 'ipAddressRange'));
    limits.push(`its ingress has IP restrictions (${names.join(', ')}): smoke tests need a runner that they allow`);
  }
  return limits;
}

/** https://learn.microsoft.com/azure/container-apps/authentication */
async function findEasyAuth(app: ContainerApp): Promise<readonly string[]> {
  const call = {
    what: `read the authentication of ${app.resource}`,
    action: 'Microsoft.App/containerApps/authConfigs/read',
  };
  const { containerAppsAuthConfigs: configs } = app.arm.client;
  const read = () => readAzure(app, call, (options) => configs.get(app.resourceGroup, app.name, 'current', options));
  // A missing permission, or no such configuration, is not worth a warning.
  const config = await readIfPossible(app.io.log, 'knowing whether it asks for a login', read);
  const action = config?.globalValidation?.unauthenticatedClientAction ?? 'RedirectToLoginPage';
  if (config?.platform?.enabled !== true || action === 'AllowAnonymous') return [];
  const open = config.globalValidation?.excludedPaths ?? [];
  const except = open.length > 0 ? ` except for ${open.slice(0, 5).join(', ')}` : '';
  return [`it asks for a login (Easy Auth, ${action})${except}: give the smoke tests a header that it accepts`];
}
