import type { ContainerApp } from '../../../../../src/clouds/azure/container-apps/app.ts';
import { openResourceManager } from '../../../../../src/clouds/azure/resource-manager.ts';
import type { HttpRequest } from '../../../../../src/io/http.ts';
import { neverAborted } from '../../../../../src/io/signals.ts';
import type { RestorePoint } from '../../../../../src/model/restore-point.ts';
import { type Answer, openWire, type Wire } from '../wire-fake.ts';

export const RESOURCE = 'container app agent';
export const OLD = 'agent--old';
export const STATUS_URL = 'https://management.azure.com/operations/1';

/** What Azure answers; each member may be replaced while a test runs. */
export interface FakeAzure {
  template: Record<string, unknown>;
  /** Of `OLD`; absent: the present one. */
  oldTemplate?: Record<string, unknown>;
  traffic: unknown[];
  latestRevision: string;
  provisioningState: string;
  /** Names of the revisions that it lists. */
  readonly revisions: string[];
  /** Names of those that may not be read. */
  readonly unreadable: string[];
  /** The answer to each PATCH. */
  patch: () => Answer;
  /** Status document of the last change. */
  change: Record<string, unknown>;
}

export interface FakeApp extends Wire {
  readonly app: ContainerApp;
  readonly azure: FakeAzure;
  /** `GET app`, `PATCH app`, `GET revision`, … in order. */
  calls(): readonly string[];
}

/** One container app in Multiple mode whose traffic follows the latest revision, below the unmodified SDK. */
export function openFakeApp(): FakeApp {
  const azure: FakeAzure = {
    template: { revisionSuffix: 'old', containers: [{ name: 'agent', image: 'acme.azurecr.io/agent:v1', env: [] }] },
    traffic: [{ latestRevision: true, weight: 100 }],
    latestRevision: OLD,
    provisioningState: 'Succeeded',
    revisions: [OLD],
    unreadable: [],
    patch: () => ({ status: 202, headers: { 'azure-asyncoperation': STATUS_URL } }),
    change: { status: 'InProgress' },
  };
  const wire = openWire((request) => answerOf(request, azure));
  const tokens = { get: async () => 'token', renew: async () => 'token' };
  const arm = openResourceManager({ subscription: 's', tokens }, wire.io);
  const place = { name: 'agent', resourceGroup: 'production', resource: RESOURCE };
  const app: ContainerApp = {
    ...place,
    arm,
    io: wire.io,
    signal: neverAborted,
    warned: new Set(),
    firstSeen: new Map(),
    sent: new Map(),
    endings: new Map(),
    unanswered: { at: null },
  };
  return { ...wire, app, azure, calls: () => wire.sent.map((request) => `${request.method} ${kindOf(request)}`) };
}

/** As `captureRestorePoint` writes it for the app as it is at first. */
export const point: RestorePoint = {
  resource: RESOURCE,
  revision: OLD,
  data: {
    ...{ mode: 'multiple', latest: OLD, ready: OLD, templateRevision: OLD, hash: 'x', templateRevisionHash: 'x' },
    traffic: [{ revision: null, weight: 100, label: null }],
  },
};

function kindOf({ url }: HttpRequest): string {
  const { pathname } = new URL(url);
  if (pathname.startsWith('/operations/')) return 'status';
  if (pathname.endsWith('/replicas')) return 'replicas';
  return pathname.includes('/revisions/') ? 'revision' : 'app';
}

function answerOf(request: HttpRequest, azure: FakeAzure): Answer {
  if (request.method === 'PATCH') return azure.patch();
  // It activates or deactivates a revision.
  if (request.method === 'POST') return { body: {} };
  switch (kindOf(request)) {
    case 'status':
      return { body: azure.change };
    case 'replicas':
      return { body: { value: [] } };
    case 'revision':
      return answerRevision(new URL(request.url).pathname.split('/').at(-1)!, azure);
    default:
      return { body: documentOf(azure) };
  }
}

function answerRevision(name: string, azure: FakeAzure): Answer {
  const { revisions, unreadable, oldTemplate, template: present } = azure;
  if (unreadable.includes(name))
    return { status: 403, body: { error: { code: 'AuthorizationFailed', message: 'no' } } };
  const template = name === OLD ? (oldTemplate ?? present) : present;
  if (!revisions.includes(name)) return { status: 404, body: { error: { code: 'RevisionNotFound', message: 'no' } } };
  const state = { active: true, provisioningState: 'Provisioned', healthState: 'Healthy', runningState: 'Running' };
  return { body: { id: `/agent/${name}`, name, properties: { ...state, replicas: 1, template } } };
}

function documentOf({ template, traffic, latestRevision, provisioningState }: FakeAzure): object {
  const configuration = { activeRevisionsMode: 'Multiple', ingress: { external: true, traffic } };
  const names = { latestRevisionName: latestRevision, latestReadyRevisionName: OLD };
  return { id: '/agent', properties: { configuration, template, provisioningState, ...names } };
}
