import { GoogleError } from '../google-error.ts';
import { type GoogleWorld, locationOf } from '../world.ts';
import { findRevision, type Revision, type Service } from './state.ts';

/** `name` may also be of something in the service. @throws GoogleError NOT_FOUND */
export function findService(world: GoogleWorld, name: string): Service {
  const [, , , , , id = ''] = name.split('/');
  const found = name.startsWith(`${locationOf(world)}/`) && world.services.find((service) => service.id === id);
  if (found) return found;
  throw new GoogleError(
    'NOT_FOUND',
    `Resource '${id}' of kind 'SERVICE' in region '${world.region}' in project '${world.project}' does not exist.`,
  );
}

/** @throws GoogleError NOT_FOUND */
export function findVisibleRevision(world: GoogleWorld, service: Service, id: string): Revision {
  const found = findRevision(service, id);
  if (found?.visible) return found;
  throw new GoogleError(
    'NOT_FOUND',
    `Resource '${id}' of kind 'REVISION' in region '${world.region}' in project '${world.project}' does not exist.`,
  );
}

/** `projects/p/locations/l/services` -> `projects/p/locations/l`: whom the right to list or create is about. */
export function parentOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/'));
}
