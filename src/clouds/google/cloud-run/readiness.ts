import { readIfPossible } from '../../../io/read-optional.ts';
import { type JsonObject, listAt, textAt } from '../../../model/json.ts';
import type { Readiness } from '../../../model/readiness.ts';
import { joinSentences } from '../../../model/sentences.ts';
import { decideReadiness, type NewestRevision } from './decide-readiness.ts';
import { isMadeByUs } from './our-revision.ts';
import { findRevisionFailure, findRevisionProgress, firstLine, isReady } from './revision-state.ts';
import { type FoundMarker, findMarker, ROLLOUT_ANNOTATION } from './rollout-annotation.ts';
import { type RunService, sayOnce } from './service.ts';
import {
  effectiveTraffic,
  formatShares,
  progressOf,
  requestedTraffic,
  servingRevisions,
  templateRevision,
} from './service-document.ts';
import { readRevisionDocument, readService } from './service-wire.ts';
import type { Revision } from './typed-calls.ts';

/** May a rollout start? One read; of the newest revision too while a change is in progress that no run has marked. */
export async function readReadiness(run: RunService): Promise<Readiness> {
  const service = await readService(run);
  const { reconciling, state, message, generation } = progressOf(service);
  const marker = findMarker(service);
  run.last.generation = generation;
  const found = decideReadiness({
    ...{ now: run.io.clock.now(), marker, reconciling, message: firstLine(message) },
    newest: reconciling && isWithout(marker) ? await readNewest(run, service) : null,
  });
  if (found.status !== 'busy') warnOfUnreadable(run, marker);
  if (found.status === 'free' && state === 'CONDITION_FAILED') sayOnce(run, 'warning', describeFailed(run, service));
  return found;
}

/** Who holds a marker says more than the revision does. */
function isWithout(marker: FoundMarker | null): boolean {
  return marker === null || 'unreadable' in marker;
}

async function readNewest(run: RunService, service: JsonObject): Promise<NewestRevision | null> {
  const name = templateRevision(service);
  const read = () => readRevisionDocument(run, name);
  const document = await readIfPossible(run.io.log, `what ${name} is waiting for`, read);
  if (!document) return null;
  const revision = { conditions: [...listAt(document, 'conditions')] } as Revision;
  const { reason = '', message = '' } = findRevisionFailure(revision) ?? findRevisionProgress(revision) ?? {};
  const createdAt = Date.parse(textAt(document, 'createTime'));
  return {
    ...{ name, isOurs: isMadeByUs(service), isReady: isReady(revision) },
    why: [reason, message].filter((part) => part !== '').join(': '),
    ageMs: Number.isNaN(createdAt) ? null : Math.max(0, run.io.clock.now() - createdAt),
  };
}

/** Nothing is restored from what can't be read. The next rollout overwrites it. */
function warnOfUnreadable(run: RunService, marker: FoundMarker | null): void {
  if (marker === null || !isWithout(marker)) return;
  const what = `${run.resource} has a rollout marker that can’t be read (annotation ${ROLLOUT_ANNOTATION})`;
  sayOnce(run, 'warning', joinSentences(`${what}; it is ignored`, 'If a run left it, check which revision serves.'));
}

/**
 * The last change, by another user or deployment, failed. A good deploy would report that failure
 * (Lore-Hex/quill-router#782) if the traffic table did not name the revisions that serve, as ours does.
 */
function describeFailed(run: RunService, service: JsonObject): string {
  const serving = servingRevisions(service);
  const stale = requestedTraffic(service).filter(
    ({ revision, percent }) => revision !== null && percent > 0 && !serving.has(revision),
  );
  const named = stale.map(({ revision }) => revision).join(', ');
  return joinSentences(
    `The last change of ${run.resource} failed: ${firstLine(progressOf(service).message)}`,
    named === '' ? '' : `Its traffic names ${named}, which does not serve.`,
    `What serves is ${formatShares(effectiveTraffic(service))}.`,
  );
}
