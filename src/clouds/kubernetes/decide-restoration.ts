import type { Restoration } from '../../model/restore-point.ts';
import type { Holder } from '../marker-annotation.ts';
import {
  failed,
  type RestorationAnswer,
  restored,
  returning,
  superseded,
  untouched,
  waiting,
} from '../restoration-answers.ts';
import type { RolloutPhase } from './rollout-annotation.ts';
import { describeStatus, type RolloutStatus } from './rollout-status.ts';

/** What one read found, beside what was captured before our change. */
export interface RestorationFacts {
  /** `replaced`: the object of this name is another one now. */
  readonly object: 'there' | 'gone' | 'replaced';
  /** Whose marker it has, and who that is, for people. */
  readonly holder: Holder;
  readonly holderName: string;
  /** What the run that has it, which is ours, noted; null: it isn't ours. */
  readonly phase: RolloutPhase | null;
  /** Whose template it has. `captured`: what the object had before, where something older served and is restored. */
  readonly template: 'ours' | 'previous' | 'captured' | 'foreign';
  /** Something tells that our change was live: the marker, the annotations, the ReplicaSet that was made of it. */
  readonly hasArrived: boolean;
  /** Might a request of ours that got no answer still take effect? `fenced`: not any more, by a request of this process. */
  readonly late: 'no' | 'maybe' | 'fencing' | 'fenced';
  /** Annotations of ours, or the raised history limit, are still there. */
  readonly hasLeftovers: boolean;
  /** Who restored the previous template, where it is that. */
  readonly restoredBy: 'us' | 'another';
  readonly status: RolloutStatus;
  /** Its pods are as many, and as many available, as before. */
  readonly isUp: boolean;
  readonly isPaused: boolean;
  /** Name of the revision to restore. */
  readonly previous: string;
  /** Why that does not come up; null: nothing shows. */
  readonly failure: string | null;
  /** A pod that its StatefulSet does not replace by itself; null: none. */
  readonly stuckPod: { readonly name: string; readonly uid: string } | null;
  /** What its pods run now, for people; '': it was not read. */
  readonly running: string;
}

export type Decision =
  | RestorationAnswer
  /** Changes the resourceVersion, and nothing that serves, so that a late request is refused; and takes that back. */
  | { readonly act: 'fence' | 'unfence' }
  /** Template, annotations and history limit as they were. */
  | { readonly act: 'restore' }
  /** The same without the template, which is another user's. */
  | { readonly act: 'clean' }
  | { readonly act: 'delete-pod'; readonly name: string; readonly uid: string }
  /** The last request, where anything is left for it: removes the marker, gives field ownership back where it was restored. */
  | { readonly act: 'end'; readonly answer: Restoration };

/**
 * Pure: what one read found -> the one next thing to do. It is level-based: it decides from what is there now, not from what
 * was done, so that another process can continue at any point.
 */
export function decideRestoration(facts: RestorationFacts): Decision {
  if (facts.object === 'gone') return failed('the workload was deleted: there is nothing to restore it in');
  if (facts.object === 'replaced') return superseded('the workload was deleted and created again; it was not touched');
  if (facts.holder === 'other') return superseded(`${facts.holderName}; it was not touched`);
  switch (facts.template) {
    case 'ours':
      return { act: 'restore' };
    case 'foreign':
      return decideBesideOthers(facts, 'changed the pod template after ours; it was not touched');
    case 'captured':
      if (facts.phase === 'fencing') return { act: 'unfence' };
      if (!facts.hasArrived) return decideUnchanged(facts);
      return decideBesideOthers(facts, 'restored the template from before ours; it was not touched');
    case 'previous':
      if (facts.phase === 'fencing') return { act: 'unfence' };
      return facts.hasArrived ? decideOnPrevious(facts) : decideUnchanged(facts);
  }
}

/** Only our own things are taken out. */
function decideBesideOthers({ hasLeftovers, holder }: RestorationFacts, what: string): Decision {
  // Without our marker it is not known what else another user did with them.
  if (hasLeftovers && holder === 'ours') return { act: 'clean' };
  return end(superseded(`another user or deployment ${what}`));
}

/** Nothing has arrived. After a lost answer or a killed process, a request may still take effect, minutes later. */
function decideUnchanged({ late, previous, status }: RestorationFacts): Decision {
  if (late === 'maybe') return { act: 'fence' };
  return untouched(`${previous} is live (${describeStatus(status)})`);
}

function decideOnPrevious(facts: RestorationFacts): Decision {
  const { previous, status, stuckPod, failure } = facts;
  if (facts.hasLeftovers) return { act: 'restore' };
  if (stuckPod && status.isObserved) return { act: 'delete-pod', ...stuckPod };
  if (facts.isUp) return end(describeRestored(facts));
  if (failure !== null) return failed(`${previous} was restored and does not come up: ${failure}`);
  const paused = facts.isPaused ? '; the workload is paused: resume it (kubectl rollout resume)' : '';
  return returning('RESTORING', `${previous} is being restored: ${describeStatus(status)}${paused}`);
}

function describeRestored({ previous, status, restoredBy, running }: RestorationFacts): RestorationAnswer {
  const by = restoredBy === 'us' ? '' : ', by another user or deployment';
  const what = running === '' ? '' : `; they run ${running}`;
  return restored({ by: 'us', message: `${previous} is restored${by}: ${describeStatus(status)}${what}` });
}

function end({ answer }: RestorationAnswer): Decision {
  return { act: 'end', answer };
}

/** The answer to a poll in which the object changed between the read and the request. */
export function changedMeanwhile(): Restoration {
  return waiting('CHANGED_MEANWHILE', 'the workload has changed since it was read; reading it again').answer;
}
