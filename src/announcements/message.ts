import type { AnnouncedEvent, Placeholder } from '../model/announcement.ts';
import { formatDuration } from '../model/duration.ts';
import { isGreen, type RunRecord } from '../model/outcome.ts';
import { visible } from '../model/visible.ts';
import type { Evidence } from '../report/evidence.ts';
import { furtherCause } from '../report/further-cause.ts';
import { headline, markOf, startHeadline } from '../report/headline.ts';
import type { RunFacts } from '../report/run-facts.ts';

/** What a channel is told: visible text without secrets. '' is not known, or does not apply. */
export interface Message {
  readonly event: AnnouncedEvent;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** null: it is not over. */
  readonly finishedAt: number | null;
  /** An emoji. */
  readonly mark: string;
  readonly texts: Readonly<Record<Placeholder, string>>;
}

const LONGEST_TEXT = 2_000;

export function startedMessage(record: RunRecord, run: RunFacts, isPreview: boolean): Message {
  const own = {
    outcome: '',
    headline: startHeadline(run, isPreview),
    revision: '',
    'previous-revision': '',
    duration: '',
  };
  const texts = { ...commonTexts(record, run), ...own, cause: '', 'next-step': '' };
  return { ...toMessage('started', '🚀', texts), startedAt: record.startedAt, finishedAt: null };
}

export function endedMessage(evidence: Evidence): Message {
  const { outcome, record, run } = evidence;
  const { failure, diagnosis, rollback } = outcome;
  const first = rollback?.failure ?? failure;
  const cause = [rollback?.failure.message, failure?.message, furtherCause(outcome)].filter(Boolean).join('\n');
  const { startedAt, finishedAt } = record;
  const message = toMessage(isGreen(outcome) ? 'succeeded' : 'failed', markOf(outcome), {
    ...commonTexts(record, run),
    outcome: outcome.kind,
    headline: headline(evidence),
    revision: outcome.revision ?? '',
    'previous-revision': outcome.previousRevision ?? '',
    duration: finishedAt === null ? '' : formatDuration(finishedAt - startedAt),
    cause,
    'next-step': (rollback ? first?.hint : (diagnosis?.hint ?? first?.hint)) ?? '',
  });
  return { ...message, startedAt, finishedAt };
}

type CommonTexts = Omit<
  Message['texts'],
  'event' | 'outcome' | 'headline' | 'revision' | 'previous-revision' | 'duration' | 'cause' | 'next-step'
>;

function commonTexts(record: RunRecord, run: RunFacts): CommonTexts {
  return {
    name: run.requested.name ?? '',
    resource: record.resource ?? run.requested.service ?? '',
    image: record.image ?? run.requested.image ?? '',
    url: record.url ?? '',
    'preview-url': record.previewUrl ?? '',
    'console-url': record.consoleUrl ?? '',
    'run-url': run.runUrl ?? '',
    repository: run.repository ?? '',
    commit: run.commit ?? '',
    'commit-message': run.commitMessage ?? '',
    actor: run.actor ?? '',
    environment: run.environment ?? '',
  };
}

function toMessage(event: AnnouncedEvent, mark: string, given: Omit<Message['texts'], 'event'>) {
  const texts = { event, ...given };
  const shown = Object.entries(texts).map(([name, text]) => [
    name,
    cutText(visible(text.toWellFormed()), LONGEST_TEXT),
  ]);
  return { event, mark, texts: Object.fromEntries(shown) as Message['texts'] };
}

/** Visible text as one line, for a name, a title or a description. */
export function lineOf(text: string, length: number): string {
  return cutText(visible(text).replace(/\s+/g, ' ').trim(), length);
}

/** `length` in UTF-16 units, as the platforms count. */
export function cutText(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`;
}
