import type { Service, ServiceDeployment } from '@aws-sdk/client-ecs';
import { readIfAllowed } from '../../../io/read-optional.ts';
import type { ChangeMark } from '../../../model/restore-point.ts';
import type { Watch } from '../../../model/workload.ts';
import type { TimeSigns } from '../../pace.ts';
import { type FullRead, type Reading, type Source, watchSparsely } from '../../sparse-watch.ts';
import { decideObservation, describeProgress } from './decide-observation.ts';
import type { EcsDeployments, KnownDeployment } from './deployments.ts';
import {
  failedByItself,
  findEarlyFailure,
  findPermanentFailure,
  findPortInUse,
  findUnexplainedFailure,
} from './early-failure.ts';
import type { EcsOperation } from './find-operation.ts';
import { describeProtected } from './protected-tasks.ts';
import { lostTask, type RolloutSigns, readSigns } from './rollout-signs.ts';
import { describeService, type EcsService, shortRevision } from './service.ts';
import { stageOf } from './service-deployment-status.ts';
import { withoutRoutine } from './service-events.ts';
import { listOurTasks } from './stopped-tasks.ts';

/** However little seems to happen. */
const FULL_READ_EVERY_MS = 90_000;
const TROUBLED_READ_EVERY_MS = 5_000;

/** Watches our deployment by the service alone, in one call, while that shows nothing that has to be decided. */
export function watchDeployment(ecs: EcsService, deployments: EcsDeployments, operation: EcsOperation): Watch {
  const watched: Watched = { ecs, deployments, operation, drainingSince: null };
  const source: Source<Polled, EcsReading> = {
    poll: (last) => poll(watched, last),
    readAll: (polled) => readAll(watched, polled),
    reuse: (polled, last) => reuse(watched, polled, last),
  };
  return watchSparsely(source, ecs.io.clock);
}

interface Watched {
  readonly ecs: EcsService;
  readonly deployments: EcsDeployments;
  readonly operation: EcsOperation;
  /** Since when every new task runs beside old ones, in milliseconds since 1970; null: that is not so. */
  drainingSince: number | null;
}

/** Nothing: a full read is due. */
interface Polled {
  readonly ours?: ServiceDeployment;
  readonly service?: Service;
}

interface EcsReading extends Reading {
  readonly ours: ServiceDeployment;
  /** When `ours` was read, or seen unchanged, in milliseconds since 1970. */
  readonly oursAt: number;
  readonly notes: readonly string[];
  /** The newest. */
  readonly signs: RolloutSigns;
}

type Last = FullRead<Polled, EcsReading>;

async function poll(watched: Watched, last: Last | null): Promise<Polled> {
  if (!last) return {};
  const { ecs, deployments, operation } = watched;
  const { oursAt, signs } = last.reading;
  const { stage, troubled } = signs;
  const isDue = ecs.io.clock.now() - oursAt >= (troubled ? TROUBLED_READ_EVERY_MS : FULL_READ_EVERY_MS);
  if (isDue && (troubled || stage === 'starting' || drainsTooLong(watched))) return {};
  // Every new task runs, and only the deployment itself tells that it is done.
  const ours = stage === 'settling' || isDue ? { ours: await deployments.describe(operation.id) } : {};
  if (stage === 'settling' || (ours.ours && !isAsBefore(ours.ours, last.reading))) return ours;
  return { ...ours, service: await describeService(ecs) };
}

function reuse(watched: Watched, { ours, service }: Polled, { reading }: Last): EcsReading | null {
  const { ecs, operation } = watched;
  if (ours && !isAsBefore(ours, reading)) return null;
  const kept = ours ? { ...reading, oursAt: ecs.io.clock.now() } : reading;
  if (!service) return ours ? withProgress(kept) : null;
  const notes = listEvents(service, reading.ours.createdAt?.getTime() ?? 0);
  const signs = readSigns(service, operation.mark, notes);
  noteDraining(watched, signs);
  if (signs.decisive !== reading.signs.decisive || lostTask(reading.signs, signs)) return null;
  return withProgress({ ...kept, notes, signs });
}

function isAsBefore({ status, targetServiceRevision }: ServiceDeployment, { ours, signs }: EcsReading): boolean {
  const running = targetServiceRevision?.runningTaskCount ?? 0;
  return status === ours.status && running >= (signs.tasks?.running ?? 0);
}

function withProgress(reading: EcsReading): EcsReading {
  const { ours, notes, signs } = reading;
  const message = describeProgress(withCounts(ours, signs));
  const observation = {
    status: 'progressing',
    reason: ours.status ?? '',
    message,
    notes: withoutRoutine(notes),
  } as const;
  return { ...reading, observation, nearEnd: isNearEnd(signs) };
}

async function readAll(watched: Watched, polled: Polled): Promise<EcsReading> {
  const { ecs, deployments, operation } = watched;
  const ours = polled.ours ?? (await deployments.describe(operation.id));
  const createdAt = ours.createdAt?.getTime() ?? 0;
  const later = await deployments.listSince(createdAt);
  const service = polled.service ?? (await describeService(ecs));
  const live = service.taskDefinition === operation.mark;
  const notes = listEvents(service, createdAt);
  const signs = readSigns(service, operation.mark, notes);
  noteDraining(watched, signs);
  const observation = decideObservation({
    ours,
    newer: findNewer(later, operation.mark),
    foreignLive: live ? null : await findForeignLive(service, ours, watched),
    live,
    earlyFailure:
      stageOf(ours.status ?? '') === 'running'
        ? await readEarlyFailure(ecs, { mark: operation.mark, notes, service })
        : null,
    desiredCount: service.desiredCount ?? null,
    allowsEmpty: ecs.allowsEmpty,
    protectedTasks: await findProtected(watched),
  });
  const times = { nearEnd: isNearEnd(signs), usualMs: operation.usualMs, oursAt: ecs.io.clock.now() };
  return { observation: { ...observation, notes: withoutRoutine(notes) }, ...times, ours, notes, signs };
}

/** Longer than any deregistration takes by default; then the old tasks stay for another reason. */
const DRAINS_MS = 6 * 60_000;

function noteDraining(watched: Watched, { stage, troubled }: RolloutSigns): void {
  const drains = stage === 'draining' && !troubled;
  watched.drainingSince = drains ? (watched.drainingSince ?? watched.ecs.io.clock.now()) : null;
}

function drainsTooLong({ ecs, drainingSince }: Watched): boolean {
  return drainingSince !== null && ecs.io.clock.now() - drainingSince >= DRAINS_MS;
}

/** Why ECS does not stop the old tasks; null: it does, or has not had the time. */
async function findProtected(watched: Watched): Promise<string | null> {
  const { ecs, operation } = watched;
  if (!drainsTooLong(watched)) return null;
  const found = await describeProtected(ecs, operation.mark);
  if (!found) return null;
  if (!ecs.warned.has(PROTECTED)) ecs.io.log.warning(`${ecs.resource}: ${found}. The new revision serves beside them.`);
  ecs.warned.add(PROTECTED);
  return found;
}

const PROTECTED = 'tasks that are protected from scale-in';

/** How long the old tasks drain only the load balancer knows. */
function isNearEnd({ stage, troubled }: RolloutSigns): TimeSigns['nearEnd'] {
  if (troubled) return true;
  return stage === 'draining' ? null : stage === 'settling';
}

function withCounts(ours: ServiceDeployment, { tasks }: RolloutSigns): ServiceDeployment {
  if (!tasks) return ours;
  const { requested, running, pending } = tasks;
  const counts = { requestedTaskCount: requested, runningTaskCount: running, pendingTaskCount: pending };
  return { ...ours, targetServiceRevision: { ...ours.targetServiceRevision, ...counts } };
}

function findNewer(later: readonly KnownDeployment[], mark: ChangeMark): string | null {
  const newer = later.find(({ taskDefinition }) => taskDefinition !== mark);
  return newer ? shortRevision(newer.taskDefinition) : null;
}

/**
 * DescribeServices may still show the previous task definition for some seconds: that is not another deployment.
 * Where AWS does not tell the previous one, only the list can show another one.
 */
async function findForeignLive(
  service: Service,
  ours: ServiceDeployment,
  { deployments, operation }: Watched,
): Promise<string | null> {
  const previous: (string | null)[] = [];
  for (const { arn } of ours.sourceServiceRevisions ?? [])
    previous.push(await deployments.findTaskDefinition(arn ?? ''));
  if (previous.length === 0 || previous.includes(null)) return null;
  const primary = service.deployments?.find(({ status }) => status === 'PRIMARY');
  const named = [primary?.taskDefinition, service.taskDefinition];
  const foreign = named.find((one) => one !== undefined && one !== operation.mark && !previous.includes(one));
  return foreign === undefined ? null : shortRevision(foreign);
}

interface Started {
  readonly mark: ChangeMark;
  readonly notes: readonly string[];
  readonly service: Service;
}

async function readEarlyFailure(ecs: EcsService, { mark, notes, service }: Started): Promise<string | null> {
  const permanent = findPermanentFailure(notes) ?? findPortInUse(notes, service);
  if (permanent) return permanent;
  const read = (): ReturnType<typeof listOurTasks> => listOurTasks(ecs, mark, 'STOPPED');
  const stopped = await readIfAllowed(ecs, 'noticing failed tasks early', read);
  const desired = service.desiredCount ?? 1;
  if (stopped?.some(failedByItself)) return findEarlyFailure(stopped, desired);
  const primary = service.deployments?.find(({ taskDefinition }) => taskDefinition === mark);
  return findUnexplainedFailure(notes, { failedTasks: primary?.failedTasks ?? 0, desired });
}

/** What the service said since, oldest first. */
function listEvents(service: Service, since: number): readonly string[] {
  const events = (service.events ?? []).filter(({ createdAt }) => (createdAt?.getTime() ?? 0) > since);
  return events.map(({ message }) => message ?? '').reverse();
}
