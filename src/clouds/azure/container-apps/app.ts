import type { Replica, Revision } from '@azure/arm-appcontainers';
import type { Io } from '../../../io/io.ts';
import { readIfThere } from '../../../io/read-optional.ts';
import { type JsonObject, listAt, objectAt, textAt, valueAt } from '../../../model/json.ts';
import type { Restoration } from '../../../model/restore-point.ts';
import { noteUnanswered, type Unanswered } from '../../../model/unanswered.ts';
import { listVariableValues } from '../../../model/variable-values.ts';
import { type AzureCall, explainErrors } from '../errors.ts';
import type { ArmAnswer, ResourceManager } from '../resource-manager.ts';
import type { TagPatch } from './rollout-tags.ts';

/** One container app and the way to it. */
export interface ContainerApp {
  readonly name: string;
  readonly resourceGroup: string;
  /** For people: `container app agent (resource group production)`. */
  readonly resource: string;
  readonly arm: ResourceManager;
  readonly io: Io;
  /** Ends reads and waits when it is aborted. */
  readonly signal: AbortSignal;
  /** What was already warned about. */
  readonly warned: Set<string>;
  /** When something was first seen, by its name, in milliseconds since 1970: it only bounds how long that is waited for. */
  readonly firstSeen: Map<string, number>;
  /** What this process last sent for a revision, by its name: all that is known of one that can't be read. */
  readonly sent: Map<string, 'activated' | 'deactivated'>;
  /** How restorations ended whose last request this process has sent, by the id of the run. */
  readonly endings: Map<string, Restoration>;
  /** Of the changes that this process sent. */
  readonly unanswered: Unanswered;
}

/** The app as Azure has it: `document` is all of it, the rest are the parts that decisions are made by. */
export interface AppState {
  readonly document: JsonObject;
  /** `Single`, `Multiple`, `Labels`, lower case. */
  readonly mode: string;
  readonly template: JsonObject;
  /** null: it has no ingress. */
  readonly ingress: JsonObject | null;
  readonly traffic: readonly JsonObject[];
  /** '': there is none. */
  readonly latestRevision: string;
  readonly latestReady: string;
  /** `InProgress`, `Succeeded`, … lower case, as Azure's open enumerations are compared. */
  readonly provisioningState: string;
}

export async function readApp(app: ContainerApp): Promise<AppState> {
  const { signal } = app;
  const call = { what: `read ${app.resource}`, action: 'Microsoft.App/containerApps/read', signal };
  const { body } = await app.arm.send({ ...call, method: 'GET', path: appPath(app) });
  app.io.log.hide(listVariableValues(body));
  return toState(body);
}

export function toState(document: JsonObject): AppState {
  const properties = objectAt(document, 'properties');
  const ingress = valueAt(properties, 'configuration', 'ingress');
  return {
    document,
    mode: (textAt(properties, 'configuration', 'activeRevisionsMode') || 'single').toLowerCase(),
    template: objectAt(properties, 'template'),
    ingress: ingress ? objectAt(properties, 'configuration', 'ingress') : null,
    traffic: listAt(ingress, 'traffic'),
    latestRevision: textAt(properties, 'latestRevisionName'),
    latestReady: textAt(properties, 'latestReadyRevisionName'),
    provisioningState: textAt(properties, 'provisioningState').toLowerCase(),
  };
}

/**
 * Sends a merge patch of nothing but these. Not aborted by a cancel: whether it took effect must be known before anything
 * is restored. `configuration.secrets` is never in it: reading hides their values, and sending them back without is
 * refused, or empties them (Azure/azure-sdk-for-net#41244).
 */
export async function patchApp(
  app: ContainerApp,
  change: AppChange,
  secrets: readonly string[] = [],
): Promise<ArmAnswer> {
  const call = { what: `update ${app.resource}`, action: 'Microsoft.App/containerApps/write', secrets };
  const send = () => app.arm.send({ ...call, method: 'PATCH', path: appPath(app), body: toBody(change) });
  return await (isHarmlessLate(change) ? send() : noteUnanswered(app.unanswered, app.io.clock, send));
}

/** That tags of ours are removed may come at any time. */
function isHarmlessLate({ template, traffic, tags = {} }: AppChange): boolean {
  return !template && !traffic && Object.values(tags).every((tag) => tag === null);
}

export interface AppChange {
  readonly template?: JsonObject;
  readonly traffic?: readonly JsonObject[];
  /** null removes one. Those that are not mentioned stay. */
  readonly tags?: TagPatch;
}

function toBody({ template, traffic, tags }: AppChange): JsonObject {
  const properties = {
    ...(traffic ? { configuration: { ingress: { traffic } } } : {}),
    ...(template ? { template } : {}),
  };
  return {
    ...(tags && Object.keys(tags).length > 0 ? { tags } : {}),
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
  };
}

/** The template that a revision was made of, as it is on the wire; null: there is no such revision. */
export async function findRevisionTemplate(app: ContainerApp, revision: string): Promise<JsonObject | null> {
  const { signal } = app;
  const call = { what: `read revision ${revision}`, action: 'Microsoft.App/containerApps/revisions/read', signal };
  const path = `${appPath(app)}/revisions/${encodeURIComponent(revision)}`;
  const found = await readIfThere(() => app.arm.send({ ...call, method: 'GET', path }));
  if (found) app.io.log.hide(listVariableValues(found.body));
  return found && objectAt(found.body, 'properties', 'template');
}

export async function findRevision(app: ContainerApp, revision: string): Promise<Revision | null> {
  const call = { what: `read revision ${revision}`, action: 'Microsoft.App/containerApps/revisions/read' };
  const { containerAppsRevisions: revisions } = app.arm.client;
  return await readIfThere(() =>
    readAzure(app, call, (options) => revisions.getRevision(app.resourceGroup, app.name, revision, options)),
  );
}

/** Azure allows 100 of them: https://learn.microsoft.com/azure/container-apps/revisions */
export async function listActiveRevisions(app: ContainerApp): Promise<readonly Revision[]> {
  return await listRevisions(app, 'properties/active eq true');
}

/** Inactive ones too, of which Azure keeps 100 where the app doesn't say otherwise. */
export async function listRevisions(app: ContainerApp, filter?: string): Promise<readonly Revision[]> {
  const call = { what: `list the revisions of ${app.resource}`, action: 'Microsoft.App/containerApps/revisions/read' };
  const { containerAppsRevisions: revisions } = app.arm.client;
  const found: Revision[] = [];
  await readAzure(app, call, async (options) => {
    const asked = filter === undefined ? options : { ...options, filter };
    for await (const revision of revisions.listRevisions(app.resourceGroup, app.name, asked)) {
      found.push(revision);
      if (found.length >= MOST_REVISIONS) break;
    }
  });
  return found;
}

const MOST_REVISIONS = 200;

export async function listReplicas(app: ContainerApp, revision: string): Promise<readonly Replica[]> {
  const action = 'Microsoft.App/containerApps/revisions/replicas/read';
  const call = { what: `read the replicas of ${revision}`, action };
  const { containerAppsRevisionReplicas: replicas } = app.arm.client;
  const { value } = await readAzure(app, call, (options) =>
    replicas.listReplicas(app.resourceGroup, app.name, revision, options),
  );
  return value;
}

export async function activateRevision(app: ContainerApp, revision: string): Promise<void> {
  const call = {
    what: `activate revision ${revision}`,
    action: 'Microsoft.App/containerApps/revisions/activate/action',
  };
  const { containerAppsRevisions: revisions } = app.arm.client;
  await explainErrors(call, () => revisions.activateRevision(app.resourceGroup, app.name, revision));
}

export async function deactivateRevision(app: ContainerApp, revision: string): Promise<void> {
  const action = 'Microsoft.App/containerApps/revisions/deactivate/action';
  const call = { what: `deactivate revision ${revision}`, action };
  const { containerAppsRevisions: revisions } = app.arm.client;
  await explainErrors(call, () => revisions.deactivateRevision(app.resourceGroup, app.name, revision));
}

/** Sends a request of the typed client that reads: it may be aborted. */
export function readAzure<T>(
  app: ContainerApp,
  call: AzureCall,
  send: (options: { readonly abortSignal: AbortSignal }) => Promise<T>,
): Promise<T> {
  const { signal } = app;
  return explainErrors({ ...call, signal }, () => send({ abortSignal: signal }));
}

export function appPath({ arm, resourceGroup, name }: ContainerApp): string {
  const group = `/subscriptions/${arm.subscription}/resourceGroups/${encodeURIComponent(resourceGroup)}`;
  return `${group}/providers/Microsoft.App/containerApps/${name}`;
}
