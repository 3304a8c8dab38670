import { DeployError } from '../model/errors.ts';
import type { Capabilities } from '../model/workload.ts';
import type { Need, Strategy } from './strategy.ts';

/** @throws DeployError UNSUPPORTED in one sentence, while nothing is touched */
export function ensurePossible(
  strategy: Strategy,
  workload: { readonly resource: string; readonly capabilities: Capabilities },
): void {
  const { resource, capabilities } = workload;
  const lacking = strategy.needs.map((need) => LACKS[need](capabilities)).find((lack) => lack !== null);
  if (!lacking) return;
  const otherwise = 'Use `strategy: rolling`';
  throw new DeployError('UNSUPPORTED', `could not use ${strategy.name} on ${resource}: ${lacking}`, {
    hint: capabilities.remedy === null ? `${otherwise}.` : `${capabilities.remedy}; or: ${otherwise}.`,
  });
}

/** What is missing for it, in words; null: nothing. */
const LACKS: Readonly<Record<Need, (capabilities: Capabilities) => string | null>> = {
  split({ traffic }) {
    if (traffic === null) return 'its traffic cannot be split between two revisions';
    const { weights } = traffic;
    const isTooSmall = weights !== 'any' && 'replicas' in weights && weights.replicas < 2;
    return isTooSmall ? 'one replica cannot share its traffic with another' : null;
  },
  hold({ traffic }) {
    if (traffic?.by === 'us') return null;
    return 'a new revision cannot be held there without traffic';
  },
  preview({ preview }) {
    return preview ? null : 'a new revision cannot be reached before it gets traffic';
  },
};
