import { DeployError } from '../../model/errors.ts';
import type { JsonObject } from '../../model/json.ts';
import type { Base } from '../../model/workload.ts';
import { isMadeByUs } from './change-mark.ts';
import { type ClusterWorkload, sayOnce } from './cluster-workload.ts';
import { chooseServing } from './serving-revision.ts';
import { listConfigurationDifferences } from './template-differences.ts';
import { keptTemplate, templateOf } from './template-hash.ts';

export interface ChosenBase {
  /** The template that our change is merged into. */
  readonly template: JsonObject;
  /** What serves: what the change is compared with. */
  readonly serving: JsonObject;
}

/**
 * The configuration that a change is merged into: see `EditChange.base`. They differ only where the newest template has not
 * come up and pods of an older one serve.
 * @throws DeployError UNSUPPORTED where no one has chosen which configuration goes live
 */
export async function chooseBase(run: ClusterWorkload, object: JsonObject, base: Base | null): Promise<ChosenBase> {
  const latest = templateOf(object);
  const { kept, isNewest } = await chooseServing(run, object);
  if (isNewest) return { template: latest, serving: latest };
  const serving = keptTemplate(kept.object);
  if (base === 'latest') return { template: latest, serving };
  if (base === 'serving') return { template: serving, serving };
  if (isMadeByUs(object)) {
    const what = `The newest template of ${run.resource} is an earlier attempt that did not come up`;
    sayOnce(run, 'info', `${what}: the configuration of ${kept.name}, which serves, is the base.`);
    return { template: serving, serving };
  }
  const differences = listConfigurationDifferences(serving, latest);
  if (differences.length === 0) return { template: latest, serving };
  throw undecided(run, kept.name, differences);
}

const MOST_NAMES = 20;

function undecided(run: ClusterWorkload, serving: string, differences: readonly string[]): DeployError {
  const more = differences.length > MOST_NAMES ? `, and ${differences.length - MOST_NAMES} more` : '';
  const names = `${differences.slice(0, MOST_NAMES).join(', ')}${more}`;
  const why = `its newest template has not come up, is not ours, and is configured differently from ${serving}, which serves`;
  return new DeployError(
    'UNSUPPORTED',
    `could not choose the configuration to deploy to ${run.resource}: ${why}: ${names}`,
    {
      hint: 'Set `base: serving` to deploy with the configuration that serves, or `base: latest` with the newest.',
    },
  );
}
