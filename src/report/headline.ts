import { formatDuration } from '../model/duration.ts';
import type { Outcome, OutcomeKind, RunRecord } from '../model/outcome.ts';

const SENTENCES: Readonly<Record<OutcomeKind, string>> = {
  deployed: 'Deployed',
  previewed: 'Preview ready, with no traffic',
  unchanged: 'Unchanged: already live and healthy',
  planned: 'Plan: nothing was changed',
  refused: 'Refused: nothing was deployed, and no workload was changed',
  'rolled-back': 'Failed and rolled back: the previous revision was restored',
  superseded: 'Superseded: a newer deployment replaced this one, and was not touched',
  kept: 'Failed, and left in place as requested',
  'rollback-unconfirmed': 'Failed; the rollback was requested but not confirmed: check the service',
  'rollback-failed': 'Failed, and the rollback failed too: needs manual action now',
};

/** There was no service before. */
const FIRST_ROLLED_BACK = 'Failed and rolled back: what this run created was deleted';

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

/** `Deployed — service agent in cluster production`. */
export function headline(outcome: Outcome, record: RunRecord): string {
  const isFirst = outcome.kind === 'rolled-back' && outcome.previousRevision === null;
  const sentence = withReason(isFirst ? FIRST_ROLLED_BACK : SENTENCES[outcome.kind], outcome);
  return record.resource ? `${sentence} — ${record.resource}` : sentence;
}

/** Who cancelled a job knows that nothing failed. */
function withReason(sentence: string, { failure }: Outcome): string {
  return failure?.code === 'CANCELLED' ? sentence.replace(/^(?:Failed|Refused)/, 'Cancelled') : sentence;
}

export function markOf(outcome: Outcome): string {
  return MARKS[outcome.kind];
}

/** `agent:1 -> agent:2 in 1m 7s, at https://agent.acme.dev`: what a good deploy changed, in a line. '': it changed nothing. */
export function describeMove({ kind, revision, previousRevision }: Outcome, record: RunRecord): string {
  if ((kind !== 'deployed' && kind !== 'previewed') || revision === null) return '';
  const { startedAt, finishedAt, url, previewUrl } = record;
  const address = kind === 'previewed' ? previewUrl : url;
  const duration = formatDuration((finishedAt ?? startedAt) - startedAt);
  return `${previousRevision ?? 'nothing'} -> ${revision} in ${duration}${address ? `, at ${address}` : ''}`;
}
