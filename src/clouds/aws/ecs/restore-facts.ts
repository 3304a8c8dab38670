import type { Service, ServiceDeployment } from '@aws-sdk/client-ecs';
import { readIfPossible } from '../../../io/read-optional.ts';
import type { ChangeMark } from '../../../model/restore-point.ts';
import type { RestorationFacts } from './decide-restoration.ts';
import { type SeenDeployment, sinceCapture } from './deployment-order.ts';
import type { EcsDeployments, KnownDeployment } from './deployments.ts';
import type { EcsRestoreData } from './restore-data.ts';
import { describeService, type EcsService, isSteady, readLive, shortRevision } from './service.ts';
import { leftNothing } from './service-deployment-status.ts';

/** What one poll of a restoration read. What could not be read is left out, where a decision can do without. */
export interface Read {
  /** null: it could not be read. */
  readonly service: Service | null;
  /** '' where it is not listed. */
  readonly oursArn: string;
  /** Since when the previous revision is being restored, AWS's clock; null: it is not, or not known. */
  readonly restoringSince: number | null;
  /** null: AWS did not list the deployments. */
  readonly facts: Omit<RestorationFacts, 'elapsedMs' | 'requested' | 'isRollbackOurs'> | null;
  /** Why something is left out; null: nothing is. */
  readonly failure: unknown;
}

/** @throws DeployError where neither the deployments nor the service can be read */
export async function readRestoration(
  ecs: EcsService,
  deployments: EcsDeployments,
  { data, mark }: { readonly data: EcsRestoreData; readonly mark: ChangeMark },
): Promise<Read> {
  const listing = await settle(() => deployments.listSince(data.newest));
  const listed = listing.value;
  const ours = listed?.find(({ taskDefinition }) => taskDefinition === mark) ?? null;
  const detail = ours && (await readDetail(ecs, deployments, ours));
  // Read last: a deployment that begins between the two reads is seen by one of them.
  const { value: service, failure } = await settle(() => describeService(ecs));
  const live = service ? readLive(service) : findNewest(listed);
  if (live === null) throw failure;
  if (!listed) return { service, oursArn: '', restoringSince: null, facts: null, failure: listing.failure };
  const facts = {
    ...{ live, mark, previous: data.previous, liveAtCapture: data.live },
    steady: service !== null && isSteady(service),
    ours: ours && (await describeOurs(ours, detail, deployments)),
    deployments: listed.map(toSeen),
  };
  const { rollback } = sinceCapture(facts);
  const restoringSince = rollback?.createdAt ?? detail?.rollback?.startedAt?.getTime() ?? null;
  return { service, oursArn: ours?.arn ?? '', restoringSince, facts, failure };
}

interface Settled<T> {
  readonly value: T | null;
  readonly failure: unknown;
}

async function settle<T>(read: () => Promise<T>): Promise<Settled<T>> {
  try {
    return { value: await read(), failure: null };
  } catch (failure) {
    return { value: null, failure };
  }
}

/** What it adds to the list only makes the message better. */
async function readDetail(ecs: EcsService, deployments: EcsDeployments, { arn }: KnownDeployment) {
  return await readIfPossible(ecs.io.log, 'the details of our deployment', () => deployments.describe(arn));
}

/** Of those that count, where the service itself can't be read. */
function findNewest(listed: readonly KnownDeployment[] | null): string | null {
  return listed?.find(({ status }) => !leftNothing(status))?.taskDefinition ?? null;
}

async function describeOurs(ours: KnownDeployment, detail: ServiceDeployment | null, deployments: EcsDeployments) {
  const target = detail?.rollback?.serviceRevisionArn;
  const reason = detail?.rollback?.reason || detail?.statusReason || ours.statusReason;
  return {
    ...toSeen(ours),
    // The list may be older than the description.
    status: detail?.status ?? ours.status,
    reason: reason ? `: ${reason}` : '',
    byPlatform: detail !== null && wasByPlatform(detail, reason),
    rolledBackTo: target ? await deployments.findTaskDefinition(target) : null,
  };
}

/** A rollback on request names none of these. */
function wasByPlatform({ alarms, deploymentCircuitBreaker }: ServiceDeployment, reason: string): boolean {
  if (deploymentCircuitBreaker?.status === 'TRIGGERED' || alarms?.status === 'TRIGGERED') return true;
  return /circuit breaker|alarm|lifecycle hook|invalid/i.test(reason);
}

function toSeen(listed: KnownDeployment): SeenDeployment {
  const { createdAt, status, statusReason, taskDefinition } = listed;
  const reason = statusReason ? `: ${statusReason}` : '';
  return { createdAt, status, reason, taskDefinition, revision: shortRevision(taskDefinition) };
}
