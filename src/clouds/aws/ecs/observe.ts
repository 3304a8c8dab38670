import type { Service, ServiceDeployment } from '@aws-sdk/client-ecs';
import { readIfAllowed } from '../../../io/read-optional.ts';
import type { ChangeMark, Observation, Operation } from '../../../model/workload.ts';
import { describeProgress, judgeDeployment } from './decide-observation.ts';
import type { EcsDeployments, KnownDeployment } from './deployments.ts';
import { findEarlyFailure, findHopelessEvent } from './early-failure.ts';
import { lostTask, type RolloutSigns, readSigns } from './rollout-signs.ts';
import { describeService, type EcsService, shortRevision } from './service.ts';
import { stageOf } from './service-deployment-status.ts';
import { listOurTasks } from './stopped-tasks.ts';

/** See `Workload.observe`. */
export type Observe = (operation: Operation) => Promise<Observation>;

/** However little seems to happen. */
const WHOLE_LOOK_EVERY_MS = 90_000;
const TROUBLED_LOOK_EVERY_MS = 5_000;

/** Looks at our deployment: at the service alone, in one call, while that shows nothing that has to be judged. */
export function openEcsObserve(ecs: EcsService, deployments: EcsDeployments): Observe {
  let last: WholeLook | null = null;
  return async (operation) => {
    const isGoingOn = last?.operation === operation.id && last.observation.status === 'progressing';
    const glance = last && isGoingOn ? await glanceAt(ecs, deployments, { operation, last }) : {};
    if (glance.observation) return glance.observation;
    last = await lookAtAll(ecs, deployments, { operation, ...glance });
    return last.observation;
  };
}

interface WholeLook {
  /** Its id. */
  readonly operation: string;
  readonly ours: ServiceDeployment;
  readonly notes: readonly string[];
  readonly observation: Observation;
  /** When the deployment itself was asked last. */
  at: number;
  /** The newest: a glance replaces them. */
  signs: RolloutSigns;
}

/** Without an observation there is something to judge; what was read on the way need not be read again. */
interface Glance {
  readonly observation?: Observation;
  readonly ours?: ServiceDeployment;
  readonly service?: Service;
}

async function glanceAt(
  ecs: EcsService,
  deployments: EcsDeployments,
  { operation, last }: { readonly operation: Operation; readonly last: WholeLook },
): Promise<Glance> {
  const { stage, troubled } = last.signs;
  const isDue = ecs.io.clock.now() - last.at >= (troubled ? TROUBLED_LOOK_EVERY_MS : WHOLE_LOOK_EVERY_MS);
  if (isDue && (troubled || stage === 'starting')) return {};
  // Every new task runs, and who says that it is done is the deployment itself.
  if (stage === 'settling' || isDue) {
    const ours = await deployments.describe(operation.id);
    if (!settles(ours, last)) return { ours };
    last.at = ecs.io.clock.now();
    if (stage === 'settling') return { observation: describeGlance(last, last.notes) };
  }
  const service = await describeService(ecs);
  const notes = listEvents(service, last.ours.createdAt?.getTime() ?? 0);
  const signs = readSigns(service, operation.mark, notes);
  if (signs.decisive !== last.signs.decisive || lostTask(last.signs, signs)) return { service };
  last.signs = signs;
  return { observation: describeGlance(last, notes) };
}

function settles({ status, targetServiceRevision }: ServiceDeployment, { ours, signs }: WholeLook): boolean {
  const running = targetServiceRevision?.runningTaskCount ?? 0;
  return status === ours.status && running >= (signs.tasks?.running ?? 0);
}

function describeGlance({ ours, signs }: WholeLook, notes: readonly string[]): Observation {
  const message = describeProgress(withCounts(ours, signs));
  return { status: 'progressing', reason: ours.status ?? '', message, notes, ...evidenceOf(signs) };
}

async function lookAtAll(
  ecs: EcsService,
  deployments: EcsDeployments,
  { operation, ...read }: { readonly operation: Operation } & Glance,
): Promise<WholeLook> {
  const ours = read.ours ?? (await deployments.describe(operation.id));
  const createdAt = ours.createdAt?.getTime() ?? 0;
  const later = await deployments.listSince(createdAt);
  const service = read.service ?? (await describeService(ecs));
  const live = service.taskDefinition === operation.mark;
  const notes = listEvents(service, createdAt);
  const observation = judgeDeployment({
    ours,
    newer: findNewer(later, operation.mark),
    foreignLive: live ? null : await findForeignLive(service, ours, deployments),
    live,
    earlyFailure:
      stageOf(ours.status ?? '') === 'running' ? await lookForEarlyFailure(ecs, operation.mark, notes) : null,
    desiredCount: service.desiredCount ?? null,
  });
  const signs = readSigns(service, operation.mark, notes);
  const evidence = observation.status === 'progressing' ? evidenceOf(signs) : {};
  const at = ecs.io.clock.now();
  return { operation: operation.id, at, ours, notes, observation: { ...observation, ...evidence, notes }, signs };
}

/** How long the old tasks drain is the load balancer's secret. */
function evidenceOf({ stage, troubled }: RolloutSigns): Pick<Observation, 'nearEnd'> {
  if (troubled) return { nearEnd: true };
  return stage === 'draining' ? {} : { nearEnd: stage === 'settling' };
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
 * DescribeServices may still show what ran before ours for some seconds: that is not somebody else's deployment.
 * Where AWS does not say what ran before, the list has to show the other one.
 */
async function findForeignLive(
  service: Service,
  ours: ServiceDeployment,
  deployments: EcsDeployments,
): Promise<string | null> {
  const before: (string | null)[] = [];
  for (const { arn } of ours.sourceServiceRevisions ?? []) before.push(await deployments.findTaskDefinition(arn ?? ''));
  const live = service.taskDefinition;
  if (!live || before.length === 0 || before.includes(null) || before.includes(live)) return null;
  return shortRevision(live);
}

async function lookForEarlyFailure(
  ecs: EcsService,
  mark: ChangeMark,
  events: readonly string[],
): Promise<string | null> {
  const hopeless = findHopelessEvent(events);
  if (hopeless) return hopeless;
  const read = (): ReturnType<typeof listOurTasks> => listOurTasks(ecs, mark, 'STOPPED');
  const stopped = await readIfAllowed(ecs, 'noticing failed tasks early', read);
  return stopped && findEarlyFailure(stopped);
}

/** What the service said since, oldest first. */
function listEvents(service: Service, since: number): readonly string[] {
  const events = (service.events ?? []).filter(({ createdAt }) => (createdAt?.getTime() ?? 0) > since);
  return events.map(({ message }) => message ?? '').reverse();
}
