import { type JsonObject, listAt, numberAt, objectAt, textAt, valueAt } from '../../../model/json.ts';
import { startHint } from '../classify-container.ts';
import type { PodsVerdict } from '../judge-pods.ts';
import type { ClusterEvent } from '../pod-finding.ts';
import { CONTAINER } from './job-document.ts';

export interface ProgramFacts {
  /** null: there is none yet. */
  readonly pod: JsonObject | null;
  readonly verdict: PodsVerdict;
  /** Of the Job. */
  readonly events: readonly ClusterEvent[];
  /** Since the Job was made, and since the program was first seen to run. */
  readonly ageMs: number;
  readonly runningMs: number;
  readonly timeoutMs: number;
}

export type ProgramDecision =
  | { readonly act: 'wait' }
  | { readonly act: 'ended'; readonly exitCode: number; readonly timedOut: boolean }
  /** It did not run. */
  | { readonly act: 'failed'; readonly why: string; readonly hint: string | null; readonly isFinal: boolean };

/** How long it may take until the program runs: an image is pulled, a node added. */
const START_MS = 120_000;
/** A container that could not be started has ended all the same. */
const NOT_STARTED = ['StartError', 'ContainerCannotRun'];

/** Pure: has the program ended, or what kept it from running? */
export function decideProgram({ pod, verdict, events, ageMs, runningMs, timeoutMs }: ProgramFacts): ProgramDecision {
  const status =
    listAt(pod ?? {}, 'status', 'containerStatuses').find((one) => textAt(one, 'name') === CONTAINER) ?? {};
  const end = objectAt(status, 'state', 'terminated');
  if (valueAt(status, 'state', 'terminated') !== undefined) return decideEnd(end);
  if (verdict.failure) {
    const { message, hint, reason } = verdict.failure;
    // Pods that end make room.
    return { act: 'failed', why: message, hint, isFinal: reason !== 'Unschedulable' };
  }
  const refused = pod ? undefined : events.findLast(({ reason }) => reason === 'FailedCreate');
  if (refused) return decideRefused(refused.message);
  if (textAt(pod, 'status', 'phase') === 'Failed') {
    const why = [textAt(pod, 'status', 'reason'), textAt(pod, 'status', 'message')].filter((part) => part !== '');
    return { act: 'failed', why: `its pod was ended (${why.join(': ')})`, hint: null, isFinal: false };
  }
  if (runningMs > timeoutMs) return { act: 'ended', exitCode: -1, timedOut: true };
  if (runningMs > 0 || ageMs <= START_MS) return { act: 'wait' };
  const why = `its pod did not start within 2m${verdict.notes.map((note) => `; ${note}`).join('')}`;
  return { act: 'failed', why, hint: 'Check the events of the pods and nodes of the cluster.', isFinal: false };
}

function decideEnd(end: JsonObject): ProgramDecision {
  const [reason, message, exitCode] = [textAt(end, 'reason'), textAt(end, 'message'), numberAt(end, 'exitCode')];
  if (!NOT_STARTED.includes(reason)) return { act: 'ended', exitCode, timedOut: false };
  const hint = startHint(message, exitCode) ?? 'Use an `image` in which it can be run.';
  return { act: 'failed', why: `its program can’t be run: ${reason}: ${message}`, hint, isFinal: true };
}

function decideRefused(message: string): ProgramDecision {
  const isQuota = /exceeded quota/i.test(message);
  const hint = isQuota
    ? 'Raise the ResourceQuota: a smoke test takes one pod, 10m of CPU and 32Mi of memory (limits: 500m, 256Mi).'
    : 'Correct what the policy of the cluster names here.';
  return { act: 'failed', why: `its pod was refused: ${message}`, hint, isFinal: !isQuota };
}
