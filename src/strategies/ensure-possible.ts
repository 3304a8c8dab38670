import { DeployError } from '../model/errors.ts';
import type { Capabilities } from '../model/workload.ts';
import type { Need, Strategy } from './strategy.ts';

const LACKS: Readonly<Record<Need, string>> = {
  weights: 'its traffic can not be split by percent',
  preview: 'a new revision can not be reached before it gets traffic',
};

/** @throws DeployError UNSUPPORTED in one sentence, while nothing is touched */
export function ensurePossible(
  strategy: Strategy,
  workload: { readonly resource: string; readonly capabilities: Capabilities },
): void {
  const { resource, capabilities } = workload;
  const able: Readonly<Record<Need, boolean>> = {
    weights: capabilities.weights === 'any',
    preview: capabilities.preview,
  };
  const lacking = strategy.needs.find((need) => !able[need]);
  if (!lacking) return;
  const otherwise = 'Use `strategy: rolling`';
  throw new DeployError('UNSUPPORTED', `could not use ${strategy.name} on ${resource}: ${LACKS[lacking]}`, {
    hint: capabilities.remedy === null ? `${otherwise}.` : `${capabilities.remedy}; or: ${otherwise}.`,
  });
}
