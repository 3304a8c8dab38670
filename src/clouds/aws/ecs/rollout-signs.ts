import type { Deployment, Service } from '@aws-sdk/client-ecs';
import type { ChangeMark } from '../../../model/restore-point.ts';

/** What the service alone says of a rollout: one call, where a full read is four. */
export interface RolloutSigns {
  /** Something has happened that needs a full read, when this differs from one poll to the next. */
  readonly decisive: string;
  /** Something is wrong already; lists of tasks may show it some seconds later. */
  readonly troubled: boolean;
  /** Of our tasks, as ECS counts them; null: the service does not name our deployment. */
  readonly tasks: { readonly requested: number; readonly running: number; readonly pending: number } | null;
  /** `settling`: every new task runs and nothing else is left. `draining`: the old ones are being stopped. */
  readonly stage: 'starting' | 'draining' | 'settling';
}

/** Pure. `events`: what the service said since the rollout began. */
export function readSigns(service: Service, mark: ChangeMark, events: readonly string[]): RolloutSigns {
  const deployments = service.deployments ?? [];
  const primary = deployments.find(({ status }) => status === 'PRIMARY');
  const ours = primary?.taskDefinition === mark ? primary : undefined;
  const requested = ours?.desiredCount ?? service.desiredCount ?? 0;
  const replaced = countReplacements(events, requested);
  const unusual = events.filter((message) => !ROUTINE.test(message));
  const decisive = [
    service.taskDefinition,
    service.desiredCount,
    // Not the others: that they shrink and go is what a rollout is.
    [primary?.id, primary?.rolloutState, primary?.failedTasks],
    replaced,
    unusual,
  ];
  return {
    decisive: JSON.stringify(decisive),
    troubled: replaced > 0 || unusual.length > 0 || (primary?.failedTasks ?? 0) > 0,
    tasks: ours ? { requested, running: ours.runningCount ?? 0, pending: ours.pendingCount ?? 0 } : null,
    stage: ours ? stageOfTasks(ours, requested, deployments.length) : 'starting',
  };
}

/** One of our tasks has stopped running since: a full read finds out why. */
export function lostTask(previous: RolloutSigns, now: RolloutSigns): boolean {
  return (now.tasks?.running ?? 0) < (previous.tasks?.running ?? 0);
}

/** Of a rollout that goes well. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html */
const ROUTINE =
  /has (?:started|stopped) \d+ .*tasks|registered \d+ targets|begun draining connections|reached a steady state/;

function stageOfTasks(ours: Deployment, requested: number, deployments: number): RolloutSigns['stage'] {
  if (ours.pendingCount !== 0 || requested === 0 || ours.runningCount !== requested) return 'starting';
  return deployments === 1 ? 'settling' : 'draining';
}

/** Tasks that were started beyond those that are requested: each stands for one that failed. */
function countReplacements(events: readonly string[], requested: number): number {
  const started = events.map((message) => Number(/has started (\d+) tasks/.exec(message)?.[1] ?? 0));
  return Math.max(0, started.reduce((sum, count) => sum + count, 0) - requested);
}
