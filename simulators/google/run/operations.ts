import type { JsonObject } from '../../json.ts';
import { GoogleError, rpcCodeOf } from '../google-error.ts';
import { withoutDefaults } from '../json.ts';
import { type GoogleWorld, locationOf } from '../world.ts';
import type { Operation, Service } from './state.ts';
import { viewService } from './view.ts';

const SERVICE_TYPE = 'type.googleapis.com/google.cloud.run.v2.Service';

/** Code 13, as in https://github.com/GoogleCloudPlatform/cymbal-superstore/issues/6 */
const FAILED_CODE = rpcCodeOf('INTERNAL');

export function addOperation(world: GoogleWorld, service: Service): Operation {
  const name = `${locationOf(world)}/operations/${operationId(world)}`;
  const operation: Operation = { name, service, generation: service.generation, end: null };
  world.operations.set(name, operation);
  return operation;
}

/** An operation that was done at once, with this as its response. */
export function viewDone(world: GoogleWorld, response: JsonObject, type = SERVICE_TYPE): JsonObject {
  const document = { '@type': type, ...response };
  return {
    name: `${locationOf(world)}/operations/${operationId(world)}`,
    metadata: document,
    done: true,
    response: document,
  };
}

/** https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.operations#Operation */
export function viewOperation(world: GoogleWorld, operation: Operation): JsonObject {
  const { name, service } = operation;
  const metadata = { '@type': SERVICE_TYPE, ...viewService(world, service) };
  return withoutDefaults({ name, metadata, done: operation.end !== null, ...operation.end });
}

/** @throws GoogleError NOT_FOUND */
export function findOperation(world: GoogleWorld, name: string): Operation {
  const found = world.operations.get(name);
  if (found) return found;
  throw new GoogleError('NOT_FOUND', `Operation '${name}' was not found.`);
}

/** The service has settled: whatever waited for this generation or an earlier one is done. */
export function endOperations(world: GoogleWorld, service: Service): void {
  for (const operation of world.operations.values()) {
    if (operation.service !== service || operation.generation > service.settledGeneration) continue;
    operation.end ??= endOf(service, { '@type': SERVICE_TYPE, ...viewService(world, service) });
  }
}

function endOf(service: Service, document: JsonObject): JsonObject {
  const trouble = service.configurationTrouble ?? service.routeTrouble;
  return trouble ? { error: { code: FAILED_CODE, message: trouble.message } } : { response: document };
}

function operationId(world: GoogleWorld): string {
  return `00000000-0000-4000-8000-${String(world.nextNumber()).padStart(12, '0')}`;
}
