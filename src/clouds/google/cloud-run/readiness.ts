import type { JsonObject } from '../../../model/json.ts';
import type { Readiness } from '../../../model/readiness.ts';
import { joinSentences } from '../../../model/sentences.ts';
import { firstLine } from './revision-state.ts';
import { type RunService, sayOnce } from './service.ts';
import { effectiveTraffic, formatShares, progressOf, requestedTraffic, servingRevisions } from './service-document.ts';
import { readService } from './service-wire.ts';

/** Is another change in progress? */
export async function readReadiness(run: RunService): Promise<Readiness> {
  const service = await readService(run);
  const { reconciling, state, message } = progressOf(service);
  if (reconciling) {
    const text = `another deployment is in progress${message === '' ? '' : `: ${firstLine(message)}`}`;
    return { status: 'busy', message: text };
  }
  if (state === 'CONDITION_FAILED') sayOnce(run, 'warning', describeFailed(run, service));
  return { status: 'free' };
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
