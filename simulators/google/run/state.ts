import type { Behaviour } from '../../behaviour.ts';
import { type JsonObject, objectAt } from '../../json.ts';

/** https://cloud.google.com/run/docs/reference/rest/v2/Condition#commonreason */
export type CommonReason =
  | 'UNKNOWN'
  | 'REVISION_FAILED'
  | 'PROGRESS_DEADLINE_EXCEEDED'
  | 'CONTAINER_MISSING'
  | 'CONTAINER_PERMISSION_DENIED'
  | 'CONTAINER_IMAGE_UNAUTHORIZED'
  | 'CONTAINER_IMAGE_AUTHORIZATION_CHECK_FAILED'
  | 'ENCRYPTION_KEY_PERMISSION_DENIED'
  | 'ENCRYPTION_KEY_CHECK_FAILED'
  | 'SECRETS_ACCESS_CHECK_FAILED'
  | 'WAITING_FOR_OPERATION'
  | 'IMMEDIATE_RETRY'
  | 'POSTPONED_RETRY'
  | 'INTERNAL'
  | 'VPC_NETWORK_NOT_FOUND';

/** https://cloud.google.com/run/docs/reference/rest/v2/Condition#revisionreason */
export type RevisionReason =
  | 'PENDING'
  | 'RESERVE'
  | 'RETIRED'
  | 'RETIRING'
  | 'RECREATING'
  | 'HEALTH_CHECK_CONTAINER_ERROR'
  | 'CUSTOMIZED_PATH_RESPONSE_PENDING'
  | 'MIN_INSTANCES_NOT_PROVISIONED'
  | 'ACTIVE_REVISION_LIMIT_REACHED'
  | 'NO_DEPLOYMENT'
  | 'HEALTH_CHECK_SKIPPED'
  | 'MIN_INSTANCES_WARMING';

export type Reason = { readonly reason: CommonReason } | { readonly revisionReason: RevisionReason };

/** Why something isn't there yet, or never will be. */
export interface Trouble {
  readonly why: Reason;
  readonly message: string;
}

export interface RevisionContainer {
  readonly name: string;
  /** As the template names it. */
  readonly image: string;
  /** What the platform resolved it to; '' until it was pulled. */
  digest: string;
  behaviour: Behaviour | null;
  readonly takesRequests: boolean;
}

export interface Revision {
  /** `agent-00001-abc` */
  readonly id: string;
  readonly serviceId: string;
  /** The template did not name it. */
  readonly namedByPlatform: boolean;
  readonly generation: number;
  /** What it was made of, with the platform's defaults, without a name. Never changes. */
  readonly template: JsonObject;
  readonly containers: readonly RevisionContainer[];
  readonly createdAt: number;
  /** It is made some time after the call that asked for it. */
  visible: boolean;
  state: 'pending' | 'ready' | 'failed';
  /** While pending: what it waits for. When failed: why. */
  trouble: Trouble | null;
  settledAt: number | null;
  /** Of its containers, when it was deployed; null: not yet. */
  firstStartedAt: number | null;
  /** Of its one running instance; null: scaled to zero. */
  instanceStartedAt: number | null;
  lastRequestAt: number;
  requests: number;
  /** More conditions, as a test put them there: raw. */
  extraConditions: readonly JsonObject[];
}

/** One line of the traffic table, as it is in effect. */
export interface Route {
  readonly kind: 'latest' | 'revision';
  readonly revision: Revision;
  readonly percent: number;
  readonly tag: string;
}

/** A request that a revision answered. */
export interface ServedRequest {
  /** Virtual time. */
  readonly at: number;
  readonly revision: string;
  /** `weight`: at the service's own address, by percent. `tag`: at a tag's address. */
  readonly by: 'weight' | 'tag';
  /** '' when by weight. */
  readonly tag: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** How long things take here, and what goes wrong on purpose. */
export interface Staging {
  /** A read this soon after a change still shows the state before it. Default 0. */
  readonly staleReadsMs: number;
  /** From the call to the revision. */
  readonly createMs: number;
  /** From the revision to the start of its container: pulling. */
  readonly pullMs: number;
  /** From the moment that everything is ready until traffic flows as asked. */
  readonly routeMs: number;
  /** An idle instance is stopped after this. https://cloud.google.com/run/docs/about-instance-autoscaling */
  readonly idleMs: number;
  /** New revisions fail so, whatever their image. */
  readonly failRevisions: (Trouble & { readonly afterMs?: number }) | null;
  /** New revisions never get ready and never fail, until the platform's own deadline. */
  readonly stuck: boolean;
  /** Traffic changes fail with this, though the revisions are fine. */
  readonly failRoutes: Trouble | null;
}

export interface Service {
  /** `agent` */
  readonly id: string;
  readonly uid: string;
  readonly creator: string;
  readonly createdAt: number;
  /** What users configure, as raw JSON: unknown members stay in it. */
  config: JsonObject;
  updatedAt: number;
  lastModifier: string;
  generation: number;
  observedGeneration: number;
  /** Up to this generation it is decided how it ended. */
  settledGeneration: number;
  /** The generation that brought the template of today. */
  templateGeneration: number;
  etag: string;
  /** In the order in which they were made; deleted ones are gone. */
  revisions: Revision[];
  latestCreated: Revision | null;
  latestReady: Revision | null;
  routes: readonly Route[];
  /** null: all is well, or `reconciling`. */
  configurationTrouble: Trouble | null;
  routeTrouble: Trouble | null;
  transitionAt: number;
  /** Everybody may call it. */
  isPublic: boolean;
  staging: Staging;
  /** What a stale read shows, and until when. */
  before: { readonly document: JsonObject; readonly until: number } | null;
  /** By revision: what it is owed by its weight. */
  readonly credit: Map<string, number>;
  readonly served: ServedRequest[];
}

export const usualStaging: Staging = {
  staleReadsMs: 0,
  createMs: 1_000,
  pullMs: 3_000,
  routeMs: 2_000,
  idleMs: 15 * 60_000,
  failRevisions: null,
  stuck: false,
  failRoutes: null,
};

export function isReconciling({ generation, settledGeneration }: Service): boolean {
  return settledGeneration < generation;
}

/** Manual scaling, set to 0 instances. */
export function isScaledToNothing({ config }: Service): boolean {
  const scaling = objectAt(config, 'scaling');
  return scaling['scalingMode'] === 'MANUAL' && (scaling['manualInstanceCount'] ?? 0) === 0;
}

export function findRevision(service: Service, id: string): Revision | null {
  return service.revisions.find((revision) => revision.id === id) ?? null;
}

export function ingressOf(revision: Revision): RevisionContainer {
  return revision.containers.find(({ takesRequests }) => takesRequests) ?? revision.containers[0]!;
}

/** What a long-running change came to. */
export interface Operation {
  readonly name: string;
  readonly service: Service;
  /** It is done when the service has settled on this generation or a later one: also one that another user requested. */
  readonly generation: number;
  /** `response` or `error`; null: it goes on. */
  end: JsonObject | null;
}
