import { type CopyForecast, endAs, type Forecast, type Outcome } from '../model/outcome.ts';
import type { Readiness } from '../model/readiness.ts';
import { joinSentences } from '../model/sentences.ts';
import type { ChangePlan } from '../model/workload.ts';
import type { RegistryClient } from '../registry/client.ts';
import { previewCopy } from '../registry/preview-copy.ts';
import { describeStep } from '../strategies/describe-step.ts';
import { ensureRollbackTarget } from './check-rollback-target.ts';
import { runPhase } from './phase.ts';
import { listCopies, type ResolvedImage } from './resolve-images.ts';
import type { Rollout } from './rollout.ts';
import type { OnStuck } from './wait-until-free.ts';

export interface PlanRequest
  extends Pick<
    Rollout,
    'workload' | 'steps' | 'smokeTests' | 'force' | 'findImage' | 'allowNoRollback' | 'record' | 'io'
  > {
  readonly onStuck: OnStuck;
  readonly changes: ChangePlan;
  readonly images: readonly ResolvedImage[];
  readonly registry: RegistryClient;
}

/**
 * Finds out what a deploy would do, by reading only, and notes it in the record.
 * @throws DeployError for the reason for which the deploy would be refused, as far as reading tells
 */
export async function planDeploy(request: PlanRequest): Promise<Outcome> {
  const { record, io } = request;
  const copies = await runPhase('Plan the copy', record, io, () => forecastCopies(request));
  const forecast = await runPhase('Plan the rollout', record, io, () => forecastRollout(request, copies));
  record.forecast = forecast;
  return endAs('planned', { revision: forecast.restores });
}

async function forecastCopies({ images, registry }: PlanRequest): Promise<readonly CopyForecast[]> {
  const forecasts: CopyForecast[] = [];
  for (const copy of listCopies(images)) forecasts.push(await previewCopy(registry, copy));
  return forecasts;
}

async function forecastRollout(request: PlanRequest, copies: readonly CopyForecast[]): Promise<Forecast> {
  const { workload, changes, force } = request;
  const readiness = await workload.readiness();
  const point = readiness.status === 'abandoned' ? readiness.marker.point : await workload.capture();
  const unchanged = changes.unchanged && !force;
  if (!unchanged) await ensureRollbackTarget(point, request);
  return {
    unchanged,
    differences: changes.differences,
    size: changes.size ?? null,
    warnings: changes.warnings ?? [],
    copies,
    restores: point.revision,
    inTheWay: describeReadiness(readiness, request.onStuck),
    steps: request.steps.map(describeStep).filter((step) => step !== null),
    smokeTests: request.smokeTests.map(({ name }) => name),
  };
}

/** What is to be dealt with first. null: nothing is in the way. */
function describeReadiness(readiness: Readiness, onStuck: OnStuck): string | null {
  switch (readiness.status) {
    case 'free':
      return null;
    case 'busy':
      return joinSentences(
        `Another deployment is in progress: ${readiness.message}`,
        'A deployment would wait for it to finish.',
      );
    case 'abandoned': {
      const { revision } = readiness.marker.point;
      return joinSentences(
        readiness.message,
        `A deployment would first restore ${revision ?? 'what was there before'}.`,
      );
    }
    case 'stuck': {
      const replaces = onStuck === 'replace' || (onStuck === null && readiness.isOurs);
      const next = replaces
        ? 'A deployment would replace it.'
        : 'A deployment would be refused, unless `on-stuck: replace` is set.';
      return joinSentences(`Another rollout can't end by itself: ${readiness.message}`, next);
    }
  }
}
