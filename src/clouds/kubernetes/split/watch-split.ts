import { type JsonObject, textAt } from '../../../model/json.ts';
import { joinSentences } from '../../../model/sentences.ts';
import type { FailureKind, Observation, Operation, Watch } from '../../../model/workload.ts';
import { isOurs } from '../change-mark.ts';
import { type JudgePods, openPodJudge, type PodFailure } from '../judge-pods.ts';
import { readPods } from '../pods.ts';
import { parseRestoreData } from '../restore-data.ts';
import { findCondition } from '../rollout-status.ts';
import { hashTemplate, templateOf } from '../template-hash.ts';
import { holderOfCopy } from './copy-marker.ts';
import { decideShift, decideUp, type ShiftDecision } from './decide-shift.ts';
import { perform } from './perform.ts';
import { readState, type SplitState, toFacts } from './read-state.ts';
import { describeAct, removeStep } from './remove-copy.ts';
import { parseSplitData, type SplitData } from './split-data.ts';
import type { SplitOperation } from './split-operation.ts';
import { heldMs, type SplitWorkload } from './split-workload.ts';

/** A rollout of the Deployment alone: its pods have all of the traffic when it is complete, which is seen once. */
export function watchRolling({ rolling, run, seen }: SplitWorkload, operation: Operation): Watch {
  const { revision, goal } = operation;
  const watch = rolling.watch(operation);
  return {
    async poll() {
      if (goal.kind === 'weight' && seen.has(COMPLETE)) {
        const message = `all pods are of ${revision}`;
        return { status: 'succeeded', reason: 'DONE', message, share: { percent: 100, why: null } };
      }
      const observation = await watch.poll();
      if (observation.status === 'succeeded') seen.set(COMPLETE, run.io.clock.now());
      return observation;
    },
  };
}

/** See `Watch`: each poll reads everything, and does the next thing that the goal takes. */
export function watchSplit(split: SplitWorkload, operation: SplitOperation): Watch {
  const { goal, split: rollout } = operation;
  const judge = openPodJudge();
  // A Deployment that can't be split has no copy, and a rollout of it is none of ours.
  const data = parseSplitData(rollout.point) ?? { services: [], route: null, overlapMs: 0, hadPreview: false };
  if (goal.kind === 'finished') return watchFinish(split, operation, data);
  if (rollout.isPromoting && goal.kind === 'weight') return watchPromotion(split, operation);
  return { poll: () => pollShift(split, operation, { data, judge }) };
}

interface Watched {
  readonly data: SplitData;
  readonly judge: JudgePods;
}

async function pollShift(
  split: SplitWorkload,
  operation: SplitOperation,
  { data, judge }: Watched,
): Promise<Observation> {
  const { goal } = operation;
  const state = await readState(split, data);
  const foreign = findForeign(split, operation, state);
  if (foreign !== null) return failed('SUPERSEDED', foreign, 'SUPERSEDED');
  const verdict = judge(await readPods(split.run, state.pods), split.run.io.clock.now());
  const trouble = verdict.failure ? describeFailure(verdict.failure) : findCreateFailure(split, state.copy);
  if (trouble !== null) return failed('PODS_FAILED', `${split.copy.name}: ${trouble}`);
  const facts = toFacts(split, state, data);
  const decision =
    goal.kind === 'weight' ? decideShift(facts, goal.percent) : decideUp(facts, operation.split.replicas);
  return await act(split, { state, data, routed: facts.routed, notes: verdict.notes }, decision);
}

interface Acting {
  readonly state: SplitState;
  readonly data: SplitData;
  readonly routed: number | null;
  readonly notes: readonly string[];
}

async function act(split: SplitWorkload, { notes, ...reading }: Acting, decision: ShiftDecision): Promise<Observation> {
  switch (decision.act) {
    case 'done': {
      const { message, share } = decision;
      return { status: 'succeeded', reason: 'DONE', message, ...(share ? { share } : {}) };
    }
    case 'failed':
      return failed('PODS_NOT_READY', decision.message);
    case 'wait': {
      const { reason, message, ms, share } = decision;
      const pollAfterMs = Math.min(ms ?? POLL_MS, LONGEST_POLL_MS);
      return { status: 'progressing', reason, message, notes, pollAfterMs, ...(share ? { share } : {}) };
    }
    default: {
      const { reason, message, ms } = describeAct(split, decision, await perform(split, reading, decision));
      return { status: 'progressing', reason, message, notes, pollAfterMs: ms ?? POLL_MS };
    }
  }
}

const POLL_MS = 1_000;
const LONGEST_POLL_MS = 5_000;

/** What another user or run changed since; null: nothing. */
function findForeign(
  split: SplitWorkload,
  { mark, split: { point } }: SplitOperation,
  state: SplitState,
): string | null {
  const { run, copy } = split;
  const { uid, liveHash } = parseRestoreData(point, run);
  const { web } = state;
  const holder = holderOfCopy(state.copy, { point, mark });
  if (holder === 'none') return `another user deleted ${copy.name}`;
  if (holder !== 'ours') return `another run took over ${copy.name}`;
  if (textAt(state.copy, 'metadata', 'deletionTimestamp') !== '') return `another user deletes ${copy.name}`;
  if (textAt(web, 'metadata', 'uid') !== uid) return `${run.name} was deleted and created again`;
  if (hashTemplate(templateOf(web)) !== liveHash && !isOurs(web, mark))
    return `another user or deployment changed the pod template of ${run.name}`;
  return null;
}

function describeFailure({ message, hint }: PodFailure): string {
  return hint === null ? message : joinSentences(message, hint);
}

/** Quota and policies: nothing of the copy that ends makes room, as none of its pods is replaced. */
function findCreateFailure(split: SplitWorkload, copy: JsonObject | null): string | null {
  const found = copy && findCondition(copy, 'ReplicaFailure');
  const isSeen = found?.status === 'True' && found.reason === 'FailedCreate';
  return heldMs(split, 'no pod can be created', isSeen) < SEEN_MS ? null : `no pod can be created: ${found?.message}`;
}

const SEEN_MS = 3_000;

function failed(reason: string, message: string, as: FailureKind = 'DEPLOY_FAILED'): Observation {
  return { status: 'failed', as, reason, message };
}

/** The Deployment itself is changed: at its end all pods, also those of the copy, are new. */
function watchPromotion(split: SplitWorkload, operation: SplitOperation): Watch {
  const { poll } = openPromotion(split, operation);
  return {
    async poll() {
      const observation = await poll();
      return observation.status === 'succeeded' ? { ...observation, share: { percent: 100, why: null } } : observation;
    },
  };
}

const COMPLETE = 'the Deployment is complete';

interface Promotion extends Watch {
  /** Once a poll has ended well. */
  found(): Operation;
}

function openPromotion(
  { rolling, run, seen }: SplitWorkload,
  { mark, split: { point, promotion } }: SplitOperation,
): Promotion {
  let operation = promotion;
  let watch: Watch | null = null;
  return {
    found: () => operation!,
    async poll() {
      operation ??= await rolling.findOperation(mark, point);
      if (!operation) {
        const message = `${run.name} is changed, waiting for its ReplicaSet`;
        return { status: 'progressing', reason: 'NOT_LISTED', message, pollAfterMs: POLL_MS };
      }
      watch ??= rolling.watch(operation);
      const observation = await watch.poll();
      if (observation.status === 'succeeded') seen.set(COMPLETE, run.io.clock.now());
      return observation;
    },
  };
}

/** The Deployment first, then nothing is left of the copy, then the Deployment's own end. */
function watchFinish(split: SplitWorkload, operation: SplitOperation, data: SplitData): Watch {
  const { point } = operation.split;
  const promotion = openPromotion(split, operation);
  let stage: 'promotion' | 'removal' | 'end' = 'promotion';
  let end: Watch | null = null;
  return {
    async poll() {
      if (stage === 'promotion') {
        // A canary waits for that before its last share is in force.
        const isSeen = split.seen.has(COMPLETE) && operation.split.promotion !== null;
        const observation = isSeen ? null : await promotion.poll();
        if (observation && observation.status !== 'succeeded') return observation;
        stage = 'removal';
      }
      if (stage === 'removal') {
        const observation = await pollRemoval(split, operation, data);
        if (observation) return observation;
        stage = 'end';
      }
      if (!end) {
        const last = await split.rolling.finish(promotion.found(), point);
        if (!last)
          return { status: 'succeeded', reason: 'DONE', message: `${promotion.found().revision} serves alone` };
        end = split.rolling.watch(last);
      }
      return await end.poll();
    },
  };
}

/** null: nothing is left. */
async function pollRemoval(
  split: SplitWorkload,
  { mark }: SplitOperation,
  data: SplitData,
): Promise<Observation | null> {
  const state = await readState(split, data);
  if (!isOurs(state.web, mark)) {
    const message = `another user or deployment changed the pod template of ${split.run.name}`;
    return failed('SUPERSEDED', message, 'SUPERSEDED');
  }
  const step = await removeStep(split, state, data);
  if (step.act === 'removed') return null;
  const { reason, message, ms } = step;
  return { status: 'progressing', reason, message, pollAfterMs: Math.min(ms ?? POLL_MS, LONGEST_POLL_MS) };
}
