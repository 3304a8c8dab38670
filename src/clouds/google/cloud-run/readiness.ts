import type { JsonObject } from '../../../model/json.ts';
import type { Observation } from '../../../model/workload.ts';
import { firstLine } from './first-line.ts';
import { type RunService, sayOnce } from './service.ts';
import { effectiveTraffic, formatShares, progressOf, servingRevisions, wantedTraffic } from './service-document.ts';
import { readService } from './service-wire.ts';

/** Is the service free? */
export async function readReadiness(run: RunService): Promise<Observation> {
  const service = await readService(run);
  const { reconciling, state, message } = progressOf(service);
  if (reconciling) {
    const text = `a change that is not ours is being rolled out${message === '' ? '' : `: ${firstLine(message)}`}`;
    return { status: 'progressing', reason: 'BUSY', message: text };
  }
  if (state === 'CONDITION_FAILED') sayOnce(run, 'warning', describeFailed(run, service));
  return { status: 'succeeded', reason: 'FREE', message: 'no other change is being rolled out' };
}

/**
 * The last change of somebody else's failed: a good deploy would be told their failure (Lore-Hex/quill-router#782), unless
 * what serves is written down by name, as we do.
 */
function describeFailed(run: RunService, service: JsonObject): string {
  const serving = servingRevisions(service);
  const stale = wantedTraffic(service).filter(
    ({ revision, percent }) => revision !== null && percent > 0 && !serving.has(revision),
  );
  const named = stale.map(({ revision }) => revision).join(', ');
  const traffic = named === '' ? '' : ` Its traffic names ${named}, which does not serve.`;
  const { message } = progressOf(service);
  return `The last change of ${run.resource} failed: ${firstLine(message)}${traffic} What serves is ${formatShares(effectiveTraffic(service))}.`;
}
