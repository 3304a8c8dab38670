import { type JsonObject, listAt, textAt } from '../../../model/json.ts';
import { isScaledToNothing } from './scaled-to-nothing.ts';
import type { Condition, Revision } from './typed-calls.ts';

/** What keeps a revision from being ready, in the platform's words. */
export interface RevisionTrouble {
  /** `HEALTH_CHECK_CONTAINER_ERROR`; '': none was given. */
  readonly reason: string;
  readonly message: string;
}

/** Pass by themselves, or are as they have to be for a revision that gets no traffic. */
const HARMLESS = new Set([
  ...['PENDING', 'RESERVE', 'RETIRED', 'RETIRING', 'NO_DEPLOYMENT', 'HEALTH_CHECK_SKIPPED'],
  ...['MIN_INSTANCES_NOT_PROVISIONED', 'MIN_INSTANCES_WARMING', 'CUSTOMIZED_PATH_RESPONSE_PENDING'],
  ...['WAITING_FOR_OPERATION', 'IMMEDIATE_RETRY', 'POSTPONED_RETRY'],
]);

export function isReady(revision: Revision): boolean {
  return findCondition(revision, 'Ready')?.state === 'CONDITION_SUCCEEDED';
}

// One that became ready so late was ready before, and had a bad time since.
const LONGEST_START_MS = 30 * 60_000;

/** Of a revision as it is on the wire: from its making until it was ready; null: it isn't, or doesn't say. */
export function readyAfterMs(revision: JsonObject): number | null {
  const ready = listAt(revision, 'conditions').find((condition) => textAt(condition, 'type') === 'Ready') ?? {};
  const tookMs = Date.parse(textAt(ready, 'lastTransitionTime')) - Date.parse(textAt(revision, 'createTime'));
  const isStart = textAt(ready, 'state') === 'CONDITION_SUCCEEDED' && tookMs > 0 && tookMs <= LONGEST_START_MS;
  return isStart ? tookMs : null;
}

/**
 * Why it can't become ready, or is ready no more: as soon as one part says so, not when the platform gives up.
 * Most conditions that failed are no failure: at 0% a revision is not active, and its minimum of instances isn't there.
 */
export function findRevisionFailure(revision: Revision): RevisionTrouble | null {
  const failed = (revision.conditions ?? []).filter((condition) => isFailure(condition));
  const cause = failed.find((condition) => condition.type !== 'Ready' && reasonOf(condition) !== '') ?? failed[0];
  return cause ? describe(cause) : null;
}

/** What it waits for; null: it says nothing. */
export function findRevisionProgress(revision: Revision): RevisionTrouble | null {
  const waiting = (revision.conditions ?? []).find(
    ({ state }) => state !== 'CONDITION_SUCCEEDED' && state !== 'CONDITION_FAILED',
  );
  return waiting ? describe(waiting) : null;
}

/**
 * Why a revision that is ready may never have run: https://cloud.google.com/run/docs/configuring/services/manual-scaling and
 * https://cloud.google.com/run/docs/configuring/healthchecks. null: Google has checked that it starts.
 */
export function findUnchecked(service: JsonObject, revision: Revision): string | null {
  if (isScaledToNothing(service)) return 'manual scaling is set to 0 instances, so none was started';
  if (revision.healthCheckDisabled === true) return 'its health check is disabled, so no instance was started';
  const isSkipped = (revision.conditions ?? []).some((condition) => reasonOf(condition) === 'HEALTH_CHECK_SKIPPED');
  return isSkipped ? 'Cloud Run skipped its health check, so no instance was started' : null;
}

/** One line for each condition that has something to say, for a person who searches for the cause; a sentence once. */
export function describeConditions(revision: Revision): readonly string[] {
  const telling = (revision.conditions ?? []).filter(({ state }) => state !== 'CONDITION_SUCCEEDED');
  const said = new Set<string>();
  return telling.map((condition) => {
    const { reason, message } = describe(condition);
    const news = said.has(message) ? '' : message;
    said.add(message);
    return [`${condition.type} ${String(condition.state).replace('CONDITION_', '')}`, reason, news]
      .filter(Boolean)
      .join(': ');
  });
}

function isFailure(condition: Condition): boolean {
  const isSevere = condition.severity !== 'INFO' && condition.severity !== 'WARNING';
  return condition.state === 'CONDITION_FAILED' && isSevere && !HARMLESS.has(reasonOf(condition));
}

function findCondition(revision: Revision, type: string): Condition | null {
  return (revision.conditions ?? []).find((condition) => condition.type === type) ?? null;
}

function describe(condition: Condition): RevisionTrouble {
  return { reason: reasonOf(condition), message: firstLine(String(condition.message ?? '')) };
}

/** One of three lists gives it. */
function reasonOf({ reason, revisionReason, executionReason }: Condition): string {
  const given = [revisionReason, reason, executionReason].find((word) => word && !/UNDEFINED$/.test(String(word)));
  return given ? String(given) : '';
}

/** Google's messages go on with links and help, which are told elsewhere. */
export function firstLine(text: string): string {
  return text.split('\n')[0]!.trim().slice(0, 400);
}
