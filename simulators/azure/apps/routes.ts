import type { JsonObject } from '../../aws/json.ts';
import { ArmError } from '../arm-error.ts';
import type { ArmAnswer, ArmCall, ArmRoute } from '../arm-host.ts';
import { mergePatch, objectsAt } from '../json-merge-patch.ts';
import { type Operation, retryAfter } from '../operations.ts';
import { type AzureWorld, toTime } from '../world.ts';
import { changeApp, ensureFree, homeOf } from './change-app.ts';
import { findApp, findReplica, findRevision, isName } from './find.ts';
import { activate, deactivate, restart } from './revision-life.ts';
import type { ContainerApp, Revision } from './state.ts';
import { forgetInactive } from './traffic.ts';
import { viewApp, viewEnvironment, viewReplica, viewRevision } from './view-app.ts';

const GROUP = '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.App';
const APP = `${GROUP}/containerApps/{app}`;
const REVISION = `${APP}/revisions/{revision}`;
const OPERATIONS = '/subscriptions/{subscription}/providers/Microsoft.App/locations/{location}';

type InApp = (world: AzureWorld, app: ContainerApp, call: ArmCall) => ArmAnswer;
type InRevision = (world: AzureWorld, place: { app: ContainerApp; revision: Revision }) => ArmAnswer;

/** Microsoft.App, as far as it is simulated. */
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
  get('ContainerAppsRevisions_ListRevisions', `${APP}/revisions`, 'containerApps/revisions/read', inApp(listRevisions)),
  get(
    'ContainerAppsRevisions_GetRevision',
    REVISION,
    'containerApps/revisions/read',
    inRevision((_world, { app, revision }) => ok(viewRevision(app, revision))),
  ),
  post(
    'ContainerAppsRevisions_ActivateRevision',
    `${REVISION}/activate`,
    'containerApps/revisions/activate/action',
    inRevision(activateRevision),
  ),
  post(
    'ContainerAppsRevisions_DeactivateRevision',
    `${REVISION}/deactivate`,
    'containerApps/revisions/deactivate/action',
    inRevision(deactivateRevision),
  ),
  post(
    'ContainerAppsRevisions_RestartRevision',
    `${REVISION}/restart`,
    'containerApps/revisions/restart/action',
    inRevision(restartRevision),
  ),
  get(
    'ContainerAppsRevisionReplicas_ListReplicas',
    `${REVISION}/replicas`,
    'containerApps/revisions/replicas/read',
    inRevision(listReplicas),
  ),
  {
    ...get(
      'ContainerAppsRevisionReplicas_GetReplica',
      `${REVISION}/replicas/{replica}`,
      'containerApps/revisions/replicas/read',
      () => ok({}),
    ),
    run: (world, call) => {
      const place = findPlace(world, call);
      const replica = findReplica(place.revision, call.names['replica'] ?? '');
      return ok(viewReplica(world, place.app, { revision: place.revision, replica }));
    },
  },
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

function get(operation: string, path: string, action: string, run: ArmRoute['run']): ArmRoute {
  return { operation, method: 'GET', path, action: `Microsoft.App/${action}`, run };
}

function post(operation: string, path: string, action: string, run: ArmRoute['run']): ArmRoute {
  return { operation, method: 'POST', path, action: `Microsoft.App/${action}`, run };
}

function inApp(run: InApp): ArmRoute['run'] {
  return (world, call) => run(world, findApp(world, call.names['group'] ?? '', call.names['app'] ?? ''), call);
}

function inRevision(run: InRevision): ArmRoute['run'] {
  return (world, call) => run(world, findPlace(world, call));
}

function findPlace(world: AzureWorld, { names }: ArmCall): { app: ContainerApp; revision: Revision } {
  const app = findApp(world, names['group'] ?? '', names['app'] ?? '');
  return { app, revision: findRevision(app, names['revision'] ?? '') };
}

function ok(body: JsonObject): ArmAnswer {
  return { status: 200, body };
}

/** https://learn.microsoft.com/rest/api/resource-manager/containerapps/container-apps/update */
function patchApp(world: AzureWorld, app: ContainerApp, { body, principal, query }: ArmCall): ArmAnswer {
  const document = mergePatch(app.document, body) as JsonObject;
  const operation = changeApp(world, app, { document, principal });
  return { status: 202, headers: operationHeaders(operation, query), body: viewApp(world, app) };
}

/** The whole app: what isn't sent is gone. */
function putApp(world: AzureWorld, app: ContainerApp, { body, principal, query }: ArmCall): ArmAnswer {
  const document = mergePatch({}, body) as JsonObject;
  const operation = changeApp(world, app, { document, principal });
  const { location: _, ...headers } = operationHeaders(operation, query);
  return { status: 201, headers, body: viewApp(world, app) };
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

function listRevisions(_world: AzureWorld, app: ContainerApp, { query }: ArmCall): ArmAnswer {
  // The only filter that is known to be used: `az containerapp revision list` without --all.
  const onlyActive = /properties\/active eq true/i.test(query.get('$filter') ?? '');
  const revisions = app.revisions.filter(({ active }) => active || !onlyActive);
  return ok({ value: revisions.map((revision) => viewRevision(app, revision)) });
}

function activateRevision(world: AzureWorld, { app, revision }: { app: ContainerApp; revision: Revision }): ArmAnswer {
  ensureFree(app);
  if (!revision.active) activate(homeOf(world, app), revision);
  revision.provisioningState = 'Provisioned';
  return { status: 200 };
}

function deactivateRevision(
  _world: AzureWorld,
  { app, revision }: { app: ContainerApp; revision: Revision },
): ArmAnswer {
  ensureFree(app);
  deactivate(revision);
  forgetInactive(app);
  return { status: 200 };
}

function restartRevision(world: AzureWorld, { app, revision }: { app: ContainerApp; revision: Revision }): ArmAnswer {
  restart(homeOf(world, app), revision);
  return { status: 200 };
}

function listReplicas(world: AzureWorld, { app, revision }: { app: ContainerApp; revision: Revision }): ArmAnswer {
  return ok({ value: revision.replicas.map((replica) => viewReplica(world, app, { revision, replica })) });
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
