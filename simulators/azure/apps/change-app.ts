import { at, isSame, type JsonObject, objectAt, textAt } from '../../json.ts';
import type { Principal } from '../access.ts';
import { ArmError } from '../arm-error.ts';
import { without } from '../json-merge-patch.ts';
import { endOperation, type Operation } from '../operations.ts';
import type { AzureWorld } from '../world.ts';
import { checkDocument, findImageProblem, invalidField, modeOf } from './check-app.ts';
import { isName, latest } from './find.ts';
import { activate, type RevisionHome } from './revision-life.ts';
import type { ContainerApp, Revision } from './state.ts';
import { applyTraffic, revisionBecameReady } from './traffic.ts';
import { viewApp } from './view-app.ts';

export interface AppChange {
  readonly document: JsonObject;
  readonly principal: Principal;
}

interface Failure {
  readonly code: string;
  readonly message: string;
}

/** What the platform computes: written back by callers who send what they have read, and not looked at. */
const COMPUTED = [
  'id',
  'name',
  'type',
  'systemData',
  'properties.provisioningState',
  'properties.runningStatus',
  'properties.latestRevisionName',
  'properties.latestReadyRevisionName',
  'properties.latestRevisionFqdn',
  'properties.customDomainVerificationId',
  'properties.outboundIpAddresses',
  'properties.eventStreamEndpoint',
  'properties.configuration.ingress.fqdn',
] as const;

/** Takes a change and lets it happen. @throws ArmError for one that isn't taken. */
export function changeApp(world: AzureWorld, app: ContainerApp, change: AppChange): Operation {
  const document = withoutComputed(change.document);
  ensureFree(app);
  checkDocument(world, app, document);
  const plan = planRevision(app, document);
  const trafficFails = app.staging.trafficFailures > 0 && !isSameTraffic(app, document);
  if (trafficFails) app.staging.trafficFailures -= 1;
  app.document = document;
  app.lastModifiedAt = world.queue.now;
  app.lastModifiedBy = change.principal.clientId;
  app.lastModifiedByType = change.principal.kind;
  const operation = startOperation(world, app);
  const imageProblem = plan.suffix === null ? null : findImageProblem(world, app);
  const isStopped = imageProblem !== null && app.staging.imageCheck === 'at-operation';
  const failure = plan.failure ?? (isStopped ? cannotProvision(app, imageProblem) : null);
  const revision = failure || plan.suffix === null ? null : scheduleRevision(world, app, plan.suffix);
  const early = failure ?? (trafficFails ? cannotProvision(app, 'Internal error.') : null);
  world.queue.add(world.queue.now + app.staging.operationMs, () => {
    if (early === null) takeEffect(world, app, revision);
    const waits = early === null && app.staging.operationEnds === 'ready' && revision;
    if (waits) awaitReady(world, app, { operation, revision });
    else endChange(world, app, { operation, failure: early });
  });
  return operation;
}

/** The document as it is kept. A suffix of '' is how GET shows that none was chosen; without a tag it shows `{}`. */
export function withoutComputed(document: JsonObject): JsonObject {
  const unnamed = textAt(document, 'properties', 'template', 'revisionSuffix') === '';
  const paths = [...COMPUTED, ...(unnamed ? ['properties.template.revisionSuffix'] : [])];
  const written = paths.reduce<JsonObject>((rest, path) => without(rest, path.split('.')) as JsonObject, document);
  return { ...written, tags: objectAt(written, 'tags') };
}

export function homeOf(world: AzureWorld, app: ContainerApp): RevisionHome {
  return { world, app, becameReady: (revision) => revisionBecameReady(world, app, revision) };
}

/** @throws ArmError 409: https://github.com/microsoft/azure-container-apps/issues/175, …/1731, …/1372 */
export function ensureFree(app: ContainerApp): void {
  if (app.staging.lockConflicts > 0) {
    app.staging.lockConflicts -= 1;
    const message = `The container app '${app.name}' is locked: another modification is in progress. Please retry.`;
    throw new ArmError(409, 'ContainerAppLockConflict', message);
  }
  const isBlocked = app.staging.failedBlocksChanges && app.provisioningState === 'Failed';
  if (!app.operation && !isBlocked) return;
  const message = `Cannot modify a container app '${app.name}' because there is an active provisioning operation in progress. Please try again later.`;
  throw new ArmError(409, 'ContainerAppOperationInProgress', message);
}

/** `suffix` null: no new revision comes of it. */
function planRevision(app: ContainerApp, document: JsonObject): { suffix: string | null; failure: Failure | null } {
  const template = objectAt(document, 'properties', 'template');
  const before = latest(app);
  if (before && isSame(template, before.template)) return { suffix: null, failure: null };
  const suffix = textAt(template, 'revisionSuffix');
  const taken = suffix === '' ? undefined : app.revisions.find((revision) => isName(revision.suffix, suffix));
  if (!taken) return { suffix, failure: null };
  // Nothing happens, and nothing is said: https://github.com/microsoft/azure-container-apps/issues/650
  if (isSame(taken.template, template) || app.staging.sameSuffix === 'ignored') return { suffix: null, failure: null };
  const value = `"${suffix}": revision with suffix ${suffix} already exists.`;
  return { suffix: null, failure: cannotProvision(app, invalidField('template.revisionsuffix', value)) };
}

function isSameTraffic(app: ContainerApp, document: JsonObject): boolean {
  const path = ['properties', 'configuration', 'ingress', 'traffic'] as const;
  return isSame(at(app.document, ...path), at(document, ...path));
}

function startOperation(world: AzureWorld, app: ContainerApp): Operation {
  const id = world.ids.uuid();
  const base = `/subscriptions/${world.subscription}/providers/Microsoft.App/locations/${world.location}`;
  const operation: Operation = {
    id,
    statusPath: `${base}/containerappOperationStatuses/${id}`,
    resultPath: `${base}/containerappOperationResults/${id}`,
    startedAt: world.queue.now,
    status: 'InProgress',
    endedAt: null,
    error: null,
    retryAfterSeconds: app.staging.retryAfterSeconds,
    result: () => viewApp(world, app),
  };
  world.operations.add(operation);
  app.operation = operation;
  app.provisioningState = 'InProgress';
  return operation;
}

function scheduleRevision(world: AzureWorld, app: ContainerApp, wanted: string): Revision {
  const suffix = wanted === '' ? world.ids.suffix(7) : wanted;
  const revision: Revision = {
    name: `${app.name}--${suffix}`,
    suffix,
    createdAt: world.queue.now,
    template: objectAt(app.document, 'properties', 'template'),
    active: true,
    provisioningState: 'Provisioning',
    provisioningError: null,
    replicas: [],
    wasReady: false,
    activationFailed: false,
    lastRequestAt: null,
    generation: 0,
  };
  world.queue.add(world.queue.now + app.staging.revisionListedAfterMs, () => {
    app.revisions.push(revision);
    activate(homeOf(world, app), revision);
  });
  return revision;
}

function takeEffect(world: AzureWorld, app: ContainerApp, revision: Revision | null): void {
  app.mode = modeOf(app.document);
  if (revision?.provisioningState === 'Provisioning') revision.provisioningState = 'Provisioned';
  applyTraffic(world, app, revision);
}

function awaitReady(
  world: AzureWorld,
  app: ContainerApp,
  { operation, revision }: { readonly operation: Operation; readonly revision: Revision },
): void {
  const deadline = operation.startedAt + app.staging.operationDeadlineMs;
  const look = (): void => {
    if (revision.wasReady) endChange(world, app, { operation, failure: null });
    else if (world.queue.now < deadline) world.queue.add(world.queue.now + 1_000, look);
    else endChange(world, app, { operation, failure: cannotProvision(app, 'Operation expired.') });
  };
  look();
}

function endChange(
  world: AzureWorld,
  app: ContainerApp,
  { operation, failure }: { readonly operation: Operation; readonly failure: Failure | null },
): void {
  endOperation(operation, world.queue.now, failure);
  app.provisioningState = failure ? 'Failed' : 'Succeeded';
  app.operation = null;
}

function cannotProvision(app: ContainerApp, why: string): Failure {
  const message = `Failed to provision revision for container app '${app.name}'. Error details: ${why}`;
  return { code: 'ContainerAppOperationError', message };
}
