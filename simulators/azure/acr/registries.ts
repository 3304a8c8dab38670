import { at, type JsonObject, objectAt, textAt } from '../../json.ts';
import type { SimulatedRegistry } from '../../registry/registry.ts';
import { isName } from '../apps/find.ts';
import { ArmError } from '../arm-error.ts';
import type { ArmAnswer, ArmCall, ArmRoute } from '../arm-host.ts';
import { toTime } from '../arm-time.ts';
import { endOperation, type Operation, retryAfter } from '../operations.ts';
import type { AzureWorld } from '../world.ts';
import { pullImageFrom, type Source } from './pull-image.ts';
import type { ArmRegistry } from './state.ts';

const GROUP = '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.ContainerRegistry/registries';
const REGISTRY = `${GROUP}/{registry}`;

/** Microsoft.ContainerRegistry, as far as it is simulated. */
export const registryRoutes: readonly ArmRoute[] = [
  {
    operation: 'Registries_Get',
    method: 'GET',
    path: REGISTRY,
    action: 'Microsoft.ContainerRegistry/registries/read',
    run: (world, call) => ({ status: 200, body: viewRegistry(world, find(world, call)) }),
  },
  {
    operation: 'Registries_List',
    method: 'GET',
    path: '/subscriptions/{subscription}/providers/Microsoft.ContainerRegistry/registries',
    action: 'Microsoft.ContainerRegistry/registries/read',
    run: (world) => ({
      status: 200,
      body: { value: world.registries.map((registry) => viewRegistry(world, registry)) },
    }),
  },
  {
    operation: 'Registries_ImportImage',
    method: 'POST',
    path: `${REGISTRY}/importImage`,
    action: 'Microsoft.ContainerRegistry/registries/importImage/action',
    run: importImage,
  },
  {
    operation: 'RegistryOperationStatuses_Get',
    method: 'GET',
    path: `${REGISTRY}/operationStatuses/{id}`,
    action: 'Microsoft.ContainerRegistry/registries/operationStatuses/read',
    run: followImport,
  },
];

function find(world: AzureWorld, { names }: ArmCall): ArmRegistry {
  const found = world.registries.find(
    ({ name, resourceGroup }) => isName(name, names['registry'] ?? '') && isName(resourceGroup, names['group'] ?? ''),
  );
  if (found) return found;
  const message = `The Resource 'Microsoft.ContainerRegistry/registries/${names['registry']}' under resource group '${names['group']}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`;
  throw new ArmError(404, 'ResourceNotFound', message);
}

function viewRegistry({ location }: AzureWorld, { id, name, createdAt }: ArmRegistry): JsonObject {
  return {
    id,
    name,
    type: 'Microsoft.ContainerRegistry/registries',
    location,
    sku: { name: 'Standard', tier: 'Standard' },
    properties: {
      loginServer: `${name}.azurecr.io`,
      creationDate: toTime(createdAt),
      provisioningState: 'Succeeded',
      adminUserEnabled: false,
      anonymousPullEnabled: false,
      publicNetworkAccess: 'Enabled',
    },
  };
}

/** https://learn.microsoft.com/azure/container-registry/container-registry-import-images */
function importImage(world: AzureWorld, call: ArmCall): ArmAnswer {
  const registry = find(world, call);
  const { body } = call;
  const tags = textsAt(body, 'targetTags');
  const taken = textAt(body, 'mode') === 'Force' ? undefined : tags.find((tag) => isTaken(registry, tag));
  if (taken !== undefined) {
    throw new ArmError(409, 'Conflict', `Tag ${taken} already exists in target registry.`);
  }
  const source = readSource(world, objectAt(body, 'source'));
  const operation = startImport(world, registry);
  world.queue.add(world.queue.now + registry.importMs, () => {
    const image = pullImageFrom(registry.outside, source);
    const error =
      typeof image === 'string'
        ? { code: 'InvalidParameters', message: importFailure(operation, registry, image) }
        : null;
    if (typeof image !== 'string') {
      for (const tag of tags) store(registry, tag, image);
      for (const repository of textsAt(body, 'untaggedTargetRepositories'))
        registry.store.seed(repository, null, image);
    }
    endOperation(operation, world.queue.now, error);
  });
  return { status: 202, headers: follow(operation, call) };
}

function readSource(world: AzureWorld, source: JsonObject): Source {
  const [sourceImage, registryUri, resourceId] = ['sourceImage', 'registryUri', 'resourceId'].map((name) =>
    textAt(source, name),
  );
  const other = world.registries.find(({ id }) => resourceId !== '' && isName(id, resourceId ?? ''));
  const host = other ? `${other.name}.azurecr.io` : registryUri;
  if (!sourceImage || !host)
    throw new ArmError(
      400,
      'InvalidParameters',
      'source.sourceImage and one of source.registryUri and source.resourceId are needed.',
    );
  const credentials = at(source, 'credentials');
  return {
    host,
    image: sourceImage,
    username: textAt(credentials, 'username'),
    password: textAt(credentials, 'password'),
  };
}

function startImport(world: AzureWorld, registry: ArmRegistry): Operation {
  const id = `registries-${world.ids.uuid()}`;
  const path = `${registry.id}/operationStatuses/${id}`;
  const operation: Operation = {
    id,
    statusPath: path,
    resultPath: path,
    startedAt: world.queue.now,
    status: 'InProgress',
    endedAt: null,
    error: null,
    retryAfterSeconds: 2,
    result: () => ({ status: 'Succeeded' }),
  };
  world.operations.add(operation);
  return operation;
}

function followImport(world: AzureWorld, call: ArmCall): ArmAnswer {
  const operation = world.operations.find(call.names['id'] ?? '');
  if (operation.status === 'InProgress') return { status: 202, headers: follow(operation, call) };
  if (operation.error) throw new ArmError(400, operation.error.code, operation.error.message);
  return { status: 200, body: operation.result() };
}

function follow(operation: Operation, { query }: ArmCall) {
  const location = `https://management.azure.com${operation.resultPath}?api-version=${query.get('api-version')}`;
  return { location, ...retryAfter(operation) };
}

function isTaken(registry: ArmRegistry, target: string): boolean {
  const [repository, tag] = splitTag(target);
  return registry.store.snapshot().repositories[repository]?.tags[tag] !== undefined;
}

function store(registry: ArmRegistry, target: string, image: Parameters<SimulatedRegistry['seed']>[2]): void {
  const [repository, tag] = splitTag(target);
  registry.store.seed(repository, tag, image);
}

function splitTag(target: string): [string, string] {
  const colon = target.lastIndexOf(':');
  return colon < 0 ? [target, 'latest'] : [target.slice(0, colon), target.slice(colon + 1)];
}

function textsAt(body: JsonObject, name: string): readonly string[] {
  const list = body[name];
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
}

function importFailure(operation: Operation, { id }: ArmRegistry, why: string): string {
  return `Operation ${operation.id} failed. Resource ${id}. Error(s): ${why}`;
}
