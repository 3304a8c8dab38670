import { type CopyForecast, endAs, type Forecast, type Outcome } from '../model/outcome.ts';
import type { ChangePlan } from '../model/workload.ts';
import type { RegistryClient } from '../registry/client.ts';
import { previewCopy } from '../registry/preview-copy.ts';
import { describeStep } from '../strategies/describe-step.ts';
import { runPhase } from './phase.ts';
import { listCopies, type ResolvedImage } from './resolve-images.ts';
import type { Rollout } from './rollout.ts';

export interface PlanRequest extends Pick<Rollout, 'workload' | 'steps' | 'smokeTests' | 'force' | 'record' | 'io'> {
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
  const point = await workload.capture();
  return {
    unchanged: changes.unchanged && !force,
    differences: changes.differences,
    copies,
    restores: point.revision,
    busy: readiness.status === 'succeeded' ? null : readiness.message,
    steps: request.steps.map(describeStep).filter((step) => step !== null),
    smokeTests: request.smokeTests.map(({ name }) => name),
  };
}
