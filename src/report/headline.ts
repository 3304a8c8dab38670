import { formatDuration } from '../model/duration.ts';
import type { Outcome, OutcomeKind, RunRecord } from '../model/outcome.ts';
import type { Evidence } from './evidence.ts';
import type { RunFacts } from './run-facts.ts';

/** `{service}`: its short name; `{to}` and `{in}`: the environment, where it is known. */
const SENTENCES: Readonly<Record<OutcomeKind, string>> = {
  deployed: 'Deployed {service}{to}',
  previewed: 'Preview of {service}{in} is ready, with no traffic',
  unchanged: 'Unchanged: {service}{in} is already live and healthy',
  planned: 'Plan for {service}{in}: nothing was changed',
  refused: 'Refused: {service} was not deployed{to}, and no workload was changed',
  'rolled-back': 'Failed and rolled back: the previous revision of {service}{in} was restored',
  superseded: 'Superseded: a newer deployment of {service}{in} replaced this one, and was not touched',
  kept: 'Failed: the new revision of {service}{in} was left in place as requested',
  'rollback-unconfirmed': 'Failed; the rollback of {service}{in} was requested but not confirmed: check the service',
  'rollback-failed': 'Failed, and the rollback of {service}{in} failed too: needs manual action now',
};

/** There was no service before. */
const FIRST_ROLLED_BACK = 'Failed and rolled back: what this run created for {service}{in} was deleted';
/** What was refused by its inputs took no time that anyone asks for. */
const SHORTEST_MS = 1_000;
const STARTED = 'Deployment of {service}{to} started';
const PREVIEW_STARTED = 'Preview of {service}{in} started, with no traffic';

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

/** The answer in one line, everywhere: `Deployed agent to production · 15m 22s`. */
export function headline({ outcome, record, run }: Evidence): string {
  const { startedAt, finishedAt } = record;
  const durationMs = (finishedAt ?? startedAt) - startedAt;
  return `${endSentence(outcome, run)}${durationMs < SHORTEST_MS ? '' : ` · ${formatDuration(durationMs)}`}`;
}

export function startHeadline(run: RunFacts, isPreview: boolean): string {
  return fill(isPreview ? PREVIEW_STARTED : STARTED, run);
}

function endSentence(outcome: Outcome, run: RunFacts): string {
  const isFirst = outcome.kind === 'rolled-back' && outcome.previousRevision === null;
  return withReason(fill(isFirst ? FIRST_ROLLED_BACK : SENTENCES[outcome.kind], run), outcome);
}

function fill(sentence: string, { environment, requested }: RunFacts): string {
  const parts: Readonly<Record<string, string>> = {
    service: requested.name ?? 'the service',
    to: environment === null ? '' : ` to ${environment}`,
    in: environment === null ? '' : ` in ${environment}`,
  };
  return sentence.replace(/\{(service|to|in)\}/g, (_, name: string) => parts[name]!);
}

/** Who cancelled a job knows that nothing failed. */
function withReason(sentence: string, { failure }: Outcome): string {
  if (failure?.code !== 'CANCELLED') return sentence;
  return sentence.replace(/^(?:Failed|Refused)/, 'Cancelled').replace(' failed too: needs', ' failed: needs');
}

export function markOf(outcome: Outcome): string {
  return MARKS[outcome.kind];
}

/** `agent:1 -> agent:2, at https://agent.acme.dev`: what a good deploy changed, in a line. '': it changed nothing. */
export function describeMove({ kind, revision, previousRevision }: Outcome, record: RunRecord): string {
  if ((kind !== 'deployed' && kind !== 'previewed') || revision === null) return '';
  const { url, previewUrl } = record;
  const address = kind === 'previewed' ? previewUrl : url;
  return `${previousRevision ?? 'nothing'} -> ${revision}${address ? `, at ${address}` : ''}`;
}
