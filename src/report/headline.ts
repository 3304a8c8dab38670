import type { Outcome, OutcomeKind, RunRecord } from '../model/outcome.ts';

const SENTENCES: Readonly<Record<OutcomeKind, string>> = {
  deployed: 'Deployed',
  previewed: 'Up for a preview, with no traffic',
  unchanged: 'Already live: nothing to roll out',
  planned: 'Planned: nothing was changed',
  refused: 'Not deployed: no workload was touched',
  'rolled-back': 'Failed and rolled back: what ran before runs again',
  superseded: 'Superseded: somebody else deployed, and theirs is left alone',
  kept: 'Failed, and left as it is on request',
  'rollback-unconfirmed': 'Failed; the rollback was asked for but not confirmed: look at it',
  'rollback-failed': 'Failed, and the rollback failed as well: act now',
};

const MARKS: Readonly<Record<OutcomeKind, string>> = {
  deployed: '✅',
  previewed: '✅',
  unchanged: '✅',
  planned: '📝',
  refused: '❌',
  'rolled-back': '↩️',
  superseded: '⏭️',
  kept: '❌',
  'rollback-unconfirmed': '⚠️',
  'rollback-failed': '🚨',
};

/** `Deployed: service agent in cluster production`. */
export function headline(outcome: Outcome, record: RunRecord): string {
  const sentence = SENTENCES[outcome.kind];
  return record.resource ? `${sentence} — ${record.resource}` : sentence;
}

export function markOf(outcome: Outcome): string {
  return MARKS[outcome.kind];
}
