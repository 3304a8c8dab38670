import type { ErrorCode } from '../model/errors.ts';
import type { Outcome, UnfinishedRollback } from '../model/outcome.ts';
import { troubleshootingUrl } from '../model/troubleshooting-url.ts';
import { codeBlock, codeSpan, escapeMarkdown, folded } from './escape.ts';
import { furtherCause } from './further-cause.ts';

/** Of a run that is not green: why, the container's last log lines, the next step, and at last the events. */
export function causeSection(outcome: Outcome): string {
  const { failure, diagnosis, rollback } = outcome;
  const parts = rollback ? rollbackParts(rollback) : [];
  if (!failure) return parts.join('\n\n');
  parts.push('### Why', problems(failure.message));
  const cause = furtherCause(outcome);
  if (cause) parts.push(escapeMarkdown(cause));
  for (const { source, lines } of diagnosis?.logs ?? []) {
    parts.push(`Last log lines of ${codeSpan(source)}:`, codeBlock(lines));
  }
  const next = rollback ? null : (diagnosis?.hint ?? failure.hint);
  if (next) parts.push(nextStep(next));
  parts.push(about(failure.code));
  const facts = diagnosis?.facts ?? [];
  if (facts.length > 0) parts.push(folded(`Events and states: ${facts.length}`, codeBlock(facts)));
  return parts.join('\n\n');
}

/** First, as a rollback that is not done has to be looked at now. */
function rollbackParts({ failure, command }: UnfinishedRollback): string[] {
  return [
    '### The rollback is not done',
    problems(failure.message),
    ...(failure.hint ? [nextStep(failure.hint)] : []),
    'To check or repair it by hand:',
    codeBlock([command]),
    about(failure.code),
  ];
}

function about(code: ErrorCode): string {
  return `About [${codeSpan(code)}](${troubleshootingUrl(code)})`;
}

function nextStep(text: string): string {
  return `**Next step:** ${escapeHint(text)}`;
}

/** Hints are ours, with names between backticks; what they take from outside can't end a code span. */
function escapeHint(text: string): string {
  const parts = text.split(/`([^`\n]{1,80})`/);
  return parts.map((part, index) => (index % 2 === 1 ? codeSpan(part) : escapeMarkdown(part))).join('');
}

/** A message of several problems has each on a line of its own. */
function problems(message: string): string {
  const [first = '', ...rest] = message.split(/\n[^\S\n]*- /);
  return [escapeMarkdown(first), ...rest.map((problem) => `- ${escapeMarkdown(problem)}`)].join('\n');
}
