import { DeployError } from '../../../model/errors.ts';
import { type JsonObject, textAt } from '../../../model/json.ts';
import type { Restoration } from '../../../model/restore-point.ts';
import { MARKER_HOLDS_MS } from '../../../model/rollout-marker.ts';
import { failed, returning, superseded, waiting } from '../../restoration-answers.ts';
import { labelsToRestore, readLabels, withPreviousLabels } from './labels.ts';
import { keepOurTemplate, markingOf, withoutOurMarker } from './marker-control.ts';
import { targetsBeside } from './others-preview.ts';
import type { Decision, RestorationFacts } from './restoration-facts.ts';
import type { RestoreData } from './restore-data.ts';
import type { Restoring } from './restore-facts.ts';
import { readPreviousTemplate } from './restore-template.ts';
import type { RolloutPhase } from './rollout-annotation.ts';
import { deedsOf, type RunService } from './service.ts';
import { formatShares, requestedTraffic, type TrafficEntry, templateOf } from './service-document.ts';
import { patchService, type ServiceUpdate } from './service-wire.ts';
import { isAsRequested, isSameTraffic } from './traffic-table.ts';

/** One poll of a restoration, and what it has read. */
export interface Poll {
  readonly run: RunService;
  readonly service: JsonObject;
  readonly facts: RestorationFacts;
  readonly restoring: Restoring;
  readonly data: RestoreData;
}

/** @throws DeployError; `isConflict`: the service has changed since it was read */
export async function send({ run, service }: Poll, update: ServiceUpdate): Promise<void> {
  if (Object.keys(update).length > 0) await patchService(run, textAt(service, 'etag'), update);
}

export async function moveTraffic(
  poll: Poll,
  { traffic, why }: Extract<Decision, { readonly act: 'move-traffic' }>,
): Promise<Restoration> {
  const isLast = why === 'form' && poll.facts.restoredBy === 'us';
  if (isLast) deedsOf(poll.run, poll.restoring.point).add('restoring');
  await send(poll, { ...targets(poll, traffic), ...(isLast ? unmarked(poll) : {}) });
  return requested(`previous traffic requested: ${formatShares(traffic)}`);
}

/** `traffic` null: it stays as it is. Without the previous template, the traffic is restored all the same. */
export async function restoreAll(poll: Poll, traffic: readonly TrafficEntry[] | null): Promise<Restoration> {
  const { run, service, facts, data, restoring } = poll;
  deedsOf(run, restoring.point).add('restoring');
  let template: ServiceUpdate = {};
  try {
    // Under its own name the previous revision is used again, and no new one is made.
    if (facts.template === 'ours') {
      template = {
        template: {
          ...(await readPreviousTemplate(run, templateOf(service), { data, ours: facts.ours.revision })),
          revision: data.previous,
        },
      };
    }
  } catch (error) {
    return await restoreTrafficOnly(poll, traffic, error);
  }
  try {
    await send(poll, { ...template, ...labels(poll), ...targets(poll, traffic), ...marking(poll, traffic) });
  } catch (error) {
    if (facts.template !== 'ours' || !isRefusal(error)) throw error;
    return await restoreTrafficOnly(poll, traffic, error);
  }
  return requested(`rollback to ${data.previous} requested: ${formatShares(traffic ?? requestedTraffic(service))}`);
}

/**
 * The traffic is what users feel: it must not wait for a template that can't be read, or that Cloud Run does not accept.
 * @throws the error, where it may pass or be fixed, and there is nothing else to do
 */
async function restoreTrafficOnly(
  poll: Poll,
  traffic: readonly TrafficEntry[] | null,
  error: unknown,
): Promise<Restoration> {
  const { facts, data } = poll;
  if (!(error instanceof DeployError)) throw error;
  const isRestored = traffic === null || isAsRequested(data.serving, facts.requested, facts.ours);
  // What is gone must not make each later run try to restore it.
  const isGone = error.code === 'NOT_FOUND';
  if (isRestored && !isGone) throw error;
  const { service, restoring } = poll;
  const rest = isGone ? (keepOurTemplate(service, restoring.point) ?? {}) : marked(poll, 'restoring');
  await send(poll, isRestored ? rest : { ...targets(poll, data.serving), ...rest });
  if (traffic === null) return superseded(describeOthersTraffic(facts, error)).answer;
  const message = `the traffic was restored (${formatShares(data.serving)}), but the template could not be restored: ${error.message}`;
  return (isGone ? failed(message) : waiting('TEMPLATE_NOT_RESTORED', message)).answer;
}

function describeOthersTraffic({ requested: traffic }: RestorationFacts, { message }: DeployError): string {
  return `another user or deployment set the traffic to ${formatShares(traffic)} after ours; it was not touched, and the template could not be restored: ${message}`;
}

function isRefusal(error: unknown): error is DeployError {
  return error instanceof DeployError && ['DEPLOY_REJECTED', 'PERMISSION_DENIED', 'NOT_FOUND'].includes(error.code);
}

function targets({ service, facts }: Poll, traffic: readonly TrafficEntry[] | null): ServiceUpdate {
  return traffic === null ? {} : { traffic: targetsBeside(service, traffic, facts.ours) };
}

function labels({ service, data }: Poll): ServiceUpdate {
  return { labels: withPreviousLabels(service, { ours: data.ownLabels, previous: data.labels }) };
}

/** Beside another's template: only where all of them are still ours, so that no one has deployed with labels since. */
export function labelsBesideNewer({ service, facts, data: { ownLabels, labels } }: Poll): ServiceUpdate {
  // Without our marker, a newer one may be a run of ours for the same commit.
  if (facts.phase === null && (facts.template !== 'previous' || facts.restoredBy === 'us')) return {};
  const own = { ours: ownLabels, previous: labels };
  const now = readLabels(service);
  const areOurs = Object.entries(ownLabels).every(
    ([key, value]) => value === null || now[key as keyof typeof now] === value,
  );
  return areOurs && labelsToRestore(service, own).length > 0 ? { labels: withPreviousLabels(service, own) } : {};
}

/** The last request of a restoration removes the marker; the ones before note what is going on. */
function marking(poll: Poll, traffic: readonly TrafficEntry[] | null): ServiceUpdate {
  const isLast = traffic !== null && isSameTraffic(traffic, poll.facts.previousTraffic);
  if (isLast) return unmarked(poll);
  return marked(poll, traffic === null ? 'superseded' : 'restoring');
}

export function marked({ run, service, restoring: { point, mark } }: Poll, phase: RolloutPhase): ServiceUpdate {
  return markingOf(service, { point, mark, phase, until: run.io.clock.now() + MARKER_HOLDS_MS });
}

function unmarked({ service, restoring }: Poll): ServiceUpdate {
  return withoutOurMarker(service, restoring.point) ?? {};
}

function requested(message: string): Restoration {
  return returning('RESTORING', message).answer;
}
