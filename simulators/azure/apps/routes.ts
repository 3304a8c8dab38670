import { type JsonObject, objectsAt, textAt } from '../../json.ts';
import { ArmError } from '../arm-error.ts';
import type { ArmAnswer, ArmCall, ArmRoute } from '../arm-host.ts';
import { toTime } from '../arm-time.ts';
import { mergePatch } from '../json-merge-patch.ts';
import { type Operation, retryAfter } from '../operations.ts';
import type { AzureWorld } from '../world.ts';
import { APP, GROUP, get, inApp, ok, post } from './app-route.ts';
import { changeApp } from './change-app.ts';
import { isName } from './find.ts';
import type { ContainerApp } from './state.ts';
import { viewApp, viewEnvironment } from './view-app.ts';

const OPERATIONS = '/subscriptions/{subscription}/providers/Microsoft.App/locations/{location}';

/** Microsoft.App without revisions, as far as it is simulated. */
export const appRoutes: readonly ArmRoute[] = [
  get(
    'ContainerApps_Get',
    APP,
    'containerApps/read',
    inApp((world, app) => ok(viewApp(world, app))),
  ),
  {
    operation: 'ContainerApps_Update',
    method: 'PATCH',
    path: APP,
    action: 'Microsoft.App/containerApps/write',
    run: inApp(patchApp),
  },
  {
    operation: 'ContainerApps_CreateOrUpdate',
    method: 'PUT',
    path: APP,
    action: 'Microsoft.App/containerApps/write',
    run: inApp(putApp),
  },
  get('ContainerApps_ListByResourceGroup', `${GROUP}/containerApps`, 'containerApps/read', listApps),
  get(
    'ContainerApps_ListBySubscription',
    '/subscriptions/{subscription}/providers/Microsoft.App/containerApps',
    'containerApps/read',
    listApps,
  ),
  post('ContainerApps_ListSecrets', `${APP}/listSecrets`, 'containerApps/listSecrets/action', inApp(listSecrets)),
  post('ContainerApps_GetAuthToken', `${APP}/getAuthToken`, 'containerApps/getAuthToken/action', inApp(getAuthToken)),
  get(
    'ContainerAppsAuthConfigs_Get',
    `${APP}/authConfigs/{config}`,
    'containerApps/authConfigs/read',
    inApp(getAuthConfig),
  ),
  get(
    'ContainerAppsAuthConfigs_ListByContainerApp',
    `${APP}/authConfigs`,
    'containerApps/authConfigs/read',
    inApp((_world, app) => ok({ value: [...app.authConfigs.values()] })),
  ),
  get(
    'ManagedEnvironments_Get',
    `${GROUP}/managedEnvironments/{environment}`,
    'managedEnvironments/read',
    getEnvironment,
  ),
  get(
    'OperationStatuses_Get',
    `${OPERATIONS}/containerappOperationStatuses/{id}`,
    'locations/containerappOperationStatuses/read',
    getStatus,
  ),
  get(
    'OperationResults_Get',
    `${OPERATIONS}/containerappOperationResults/{id}`,
    'locations/containerappOperationResults/read',
    getResult,
  ),
];

/** https://learn.microsoft.com/rest/api/resource-manager/containerapps/container-apps/update */
function patchApp(world: AzureWorld, app: ContainerApp, { body, principal, query }: ArmCall): ArmAnswer {
  authorizeEnvironment(world, { body, principal });
  const document = mergePatch(app.document, body) as JsonObject;
  const operation = changeApp(world, app, { document, principal });
  return { status: 202, headers: operationHeaders(operation, query), body: viewApp(world, app) };
}

/** The whole app: what isn't sent is gone. */
function putApp(world: AzureWorld, app: ContainerApp, { body, principal, query }: ArmCall): ArmAnswer {
  authorizeEnvironment(world, { body, principal });
  const document = mergePatch({}, body) as JsonObject;
  const operation = changeApp(world, app, { document, principal });
  const { location: _, ...headers } = operationHeaders(operation, query);
  return { status: 201, headers, body: viewApp(world, app) };
}

/** Who names the environment in a request has to be allowed to put apps into it. */
function authorizeEnvironment(world: AzureWorld, { body, principal }: Pick<ArmCall, 'body' | 'principal'>): void {
  const id = textAt(body, 'properties', 'environmentId') || textAt(body, 'properties', 'managedEnvironmentId');
  if (id === '' || !world.access.isDenied('Microsoft.App/managedEnvironments/join/action', id)) return;
  const message =
    `The client '${principal.clientId}' with object id '${principal.objectId}' has permission to perform action ` +
    `'Microsoft.App/containerApps/write'; however, it does not have permission to perform action(s) ` +
    `'Microsoft.App/managedEnvironments/join/action' on the linked scope(s) '${id}' (respectively) or the linked scope(s) are invalid.`;
  throw new ArmError(403, 'LinkedAuthorizationFailed', message);
}

function operationHeaders(operation: Operation, query: URLSearchParams) {
  const version = `api-version=${query.get('api-version')}`;
  return {
    'azure-asyncoperation': `https://management.azure.com${operation.statusPath}?${version}&azureAsyncOperation=true`,
    location: `https://management.azure.com${operation.resultPath}?${version}`,
    ...retryAfter(operation),
  };
}

function listApps(world: AzureWorld, { names }: ArmCall): ArmAnswer {
  const { group } = names;
  const apps = world.apps.filter((app) => group === undefined || isName(app.resourceGroup, group));
  return ok({ value: apps.map((app) => viewApp(world, app)) });
}

function listSecrets(_world: AzureWorld, app: ContainerApp): ArmAnswer {
  return ok({ value: objectsAt(app.document, 'properties', 'configuration', 'secrets') });
}

const STREAM_TOKEN_LIFETIME_MS = 3_600_000;

/** For the log stream only. */
function getAuthToken(world: AzureWorld, app: ContainerApp, { principal }: ArmCall): ArmAnswer {
  const expiresAt = world.queue.now + STREAM_TOKEN_LIFETIME_MS;
  const text = `stream.${world.ids.hex(40)}`;
  world.access.remember({ text, audience: `logstream:${app.id}`, principal, expiresAt });
  return ok({
    id: `${app.id}/getAuthToken`,
    name: app.name,
    type: 'Microsoft.App/containerApps/accessToken',
    location: world.location,
    properties: { token: text, expires: toTime(expiresAt) },
  });
}

function getAuthConfig(_world: AzureWorld, app: ContainerApp, { names }: ArmCall): ArmAnswer {
  const config = app.authConfigs.get(names['config'] ?? '');
  if (config) return ok(config);
  throw new ArmError(404, 'AuthConfigNotFound', `The auth config '${names['config']}' was not found.`);
}

function getEnvironment(world: AzureWorld, { names }: ArmCall): ArmAnswer {
  const found = world.environments.find(({ name }) => isName(name, names['environment'] ?? ''));
  if (found) return ok(viewEnvironment(world, found));
  const message = `The Resource 'Microsoft.App/managedEnvironments/${names['environment']}' under resource group '${names['group']}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`;
  throw new ArmError(404, 'ResourceNotFound', message);
}

function getStatus(world: AzureWorld, { names }: ArmCall): ArmAnswer {
  const operation = world.operations.find(names['id'] ?? '');
  return { status: 200, headers: retryAfter(operation), body: world.operations.viewStatus(operation) };
}

/** 202 until it has ended; then what GET of the resource says, or the error. */
function getResult(world: AzureWorld, { names, query }: ArmCall): ArmAnswer {
  const operation = world.operations.find(names['id'] ?? '');
  if (operation.status === 'InProgress') {
    const location = `https://management.azure.com${operation.resultPath}?api-version=${query.get('api-version')}`;
    return { status: 202, headers: { location, ...retryAfter(operation) } };
  }
  if (operation.error) throw new ArmError(400, operation.error.code, operation.error.message);
  return { status: 200, body: operation.result() };
}
