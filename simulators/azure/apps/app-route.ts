import type { JsonObject } from '../../json.ts';
import type { ArmAnswer, ArmCall, ArmRoute } from '../arm-host.ts';
import type { AzureWorld } from '../world.ts';
import { findApp, findRevision } from './find.ts';
import type { ContainerApp, Revision } from './state.ts';

type InApp = (world: AzureWorld, app: ContainerApp, call: ArmCall) => ArmAnswer;

export interface RevisionPlace {
  readonly app: ContainerApp;
  readonly revision: Revision;
}

export const GROUP = '/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.App';
export const APP = `${GROUP}/containerApps/{app}`;

/** `action`: without the provider's name, as in a role. */
export function get(operation: string, path: string, action: string, run: ArmRoute['run']): ArmRoute {
  return { operation, method: 'GET', path, action: `Microsoft.App/${action}`, run };
}

export function post(operation: string, path: string, action: string, run: ArmRoute['run']): ArmRoute {
  return { operation, method: 'POST', path, action: `Microsoft.App/${action}`, run };
}

/** @throws ArmError 404 for an app that isn't there. */
export function inApp(run: InApp): ArmRoute['run'] {
  return (world, call) => run(world, findApp(world, call.names['group'] ?? '', call.names['app'] ?? ''), call);
}

/** @throws ArmError 404 for a revision that isn't there. */
export function inRevision(run: (world: AzureWorld, place: RevisionPlace) => ArmAnswer): ArmRoute['run'] {
  return (world, call) => run(world, findPlace(world, call));
}

export function findPlace(world: AzureWorld, { names }: ArmCall): RevisionPlace {
  const app = findApp(world, names['group'] ?? '', names['app'] ?? '');
  return { app, revision: findRevision(app, names['revision'] ?? '') };
}

export function ok(body: JsonObject): ArmAnswer {
  return { status: 200, body };
}
