import { ArmError } from '../arm-error.ts';
import type { AzureWorld } from '../world.ts';
import type { ContainerApp, Replica, Revision } from './state.ts';

/** @throws ArmError 404 ResourceNotFound. Names are compared as ARM does, without regard to case. */
export function findApp(world: AzureWorld, group: string, name: string): ContainerApp {
  const found = world.apps.find((app) => isName(app.resourceGroup, group) && isName(app.name, name));
  if (found) return found;
  const message =
    `The Resource 'Microsoft.App/containerApps/${name}' under resource group '${group}' was not found. ` +
    'For more details please go to https://aka.ms/ARMResourceNotFoundFix';
  throw new ArmError(404, 'ResourceNotFound', message);
}

/** @throws ArmError 404. */
export function findRevision(app: ContainerApp, name: string): Revision {
  const found = app.revisions.find((revision) => isName(revision.name, name));
  if (found) return found;
  throw new ArmError(404, 'RevisionNotFound', `Revision '${name}' was not found in container app '${app.name}'.`);
}

/** @throws ArmError 404. */
export function findReplica(revision: Revision, name: string): Replica {
  const found = revision.replicas.find((replica) => isName(replica.name, name));
  if (found) return found;
  throw new ArmError(404, 'ReplicaNotFound', `Replica '${name}' was not found in revision '${revision.name}'.`);
}

export function isName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** The newest active one that is or was ready: where `latestRevision` leads. */
export function latestReady(app: ContainerApp): Revision | null {
  return app.revisions.findLast(({ active, wasReady }) => active && wasReady) ?? null;
}

/** The newest, ready or not. */
export function latest(app: ContainerApp): Revision | null {
  return app.revisions.at(-1) ?? null;
}
