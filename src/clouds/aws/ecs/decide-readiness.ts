import type { Readiness } from '../../../model/readiness.ts';
import { describeAbandoned, describeHolder } from '../../../model/rollout-marker.ts';
import { type FoundMarker, isOver, type ServiceMarker } from './rollout-tags.ts';
import { shortRevision } from './service.ts';

/** What the service and its deployments show. */
export interface ReadinessFacts {
  readonly now: number;
  readonly markers: readonly FoundMarker[];
  /** The deployment in progress; null: there is none. */
  readonly running: RunningDeployment | null;
}

export interface RunningDeployment {
  /** For people: `another deployment (agent:42) is IN_PROGRESS, since 2026-11-28T11:20:01Z`. */
  readonly message: string;
  /** Why it can't end by itself; null: it may. */
  readonly stuck: string | null;
  /** This action made what it rolls out. */
  readonly isOurs: boolean;
}

/**
 * Pure: may a rollout start? A marker says more than the platform, which calls a rollout SUCCESSFUL before its smoke tests.
 * A restoration that was abandoned and can't end is replaced: beginning it again would keep the fix waiting.
 */
export function decideReadiness({ now, markers, running }: ReadinessFacts): Readiness {
  const live = markers.find((marker) => !isOver(marker, now));
  if (live) return { status: 'busy', message: describeMarker(live) };
  const abandoned = findAbandoned(markers);
  const isStuck = running !== null && running.stuck !== null;
  if (abandoned && !(isStuck && abandoned.phase === 'restoring'))
    return {
      status: 'abandoned',
      message: describeAbandoned({ ...abandoned, mark: shortRevision(abandoned.mark) }),
      marker: abandoned,
    };
  if (!running) return { status: 'free' };
  const { message, stuck, isOurs } = running;
  if (stuck === null) return { status: 'busy', message };
  return { status: 'stuck', message: `${message}: ${stuck}`, isOurs: isOurs || abandoned !== null };
}

/** One that is over and was not released; what can't be read is nothing to restore from. */
function findAbandoned(markers: readonly FoundMarker[]): ServiceMarker | null {
  return markers.flatMap(({ marker }) => marker ?? []).find(({ phase }) => phase !== 'released') ?? null;
}

export function describeMarker({ marker, runId, until }: FoundMarker): string {
  if (marker) return describeHolder({ ...marker, mark: shortRevision(marker.mark) });
  return `run ${runId} of another version of this action is rolling out; its marker holds until ${formatTime(until)}`;
}

export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
