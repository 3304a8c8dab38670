import { DeployError } from '../../../model/errors.ts';
import { type JsonObject, numberAt, objectAt, textAt } from '../../../model/json.ts';
import { type RunService, sayOnce } from './service.ts';

/**
 * By manual scaling. Google leaves out what is 0.
 * https://cloud.google.com/run/docs/configuring/services/manual-scaling
 */
export function isScaledToNothing(service: JsonObject): boolean {
  const scaling = objectAt(service, 'scaling');
  return textAt(scaling, 'scalingMode') === 'MANUAL' && numberAt(scaling, 'manualInstanceCount') === 0;
}

/**
 * Cloud Run checks the health of no revision then, and calls each one ready.
 * @throws DeployError UNSUPPORTED, unless the user wants that
 */
export function ensureRuns(
  run: RunService,
  service: JsonObject,
  { allowsEmpty }: { readonly allowsEmpty: boolean },
): void {
  if (!isScaledToNothing(service)) return;
  const why = 'manual scaling is set to 0 instances';
  if (allowsEmpty) {
    sayOnce(run, 'warning', `${run.resource}: ${why}: nothing runs, so nothing is tested.`);
    return;
  }
  const { project, region, service: name } = run;
  const scale = `gcloud run services update ${name} --region ${region} --project ${project} --scaling 1`;
  const said = `could not deploy to ${run.resource}: ${why}, so no instance would show whether the change works`;
  throw new DeployError('UNSUPPORTED', said, {
    hint: `Scale it up (${scale}), then run again. To deploy without any test, set \`allow-empty: true\`.`,
  });
}
