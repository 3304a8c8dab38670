import type { Outcome, OutcomeKind, RunRecord } from '../model/outcome.ts';
import { shortDigest, shortenNames } from '../model/short-names.ts';
import { codeSpan, escapeMarkdown, folded, table } from './escape.ts';
import type { Evidence } from './evidence.ts';

/** Where the change is in force, or at least in place. */
const IN_PLACE: readonly OutcomeKind[] = ['deployed', 'previewed', 'kept'];
const IMAGE = /^(?:(.*): )?image (\S+) -> (\S+)$/s;
const TAG = /^[^@]*:([\w.-]{1,128})$/;
const MEMBER = /^(.+) (added|changed|removed)$/s;

/** Before and now, of the revision, of what differs, and of the size; a change that is not in place is listed as what was attempted. */
export function changesSection({ outcome, record, run }: Evidence): string {
  const { differences } = record;
  const named = { image: record.image, tag: TAG.exec(run.requested.image ?? '')?.[1] ?? null };
  const isInPlace = IN_PLACE.includes(outcome.kind);
  const rows = [
    ...revisionRows(outcome),
    ...(isInPlace ? [...differences.map((difference) => differenceRow(difference, named)), ...sizeRows(record)] : []),
  ];
  const now = outcome.kind === 'previewed' ? 'Preview, with no traffic' : 'Now';
  const parts = rows.length > 0 ? [table(['What', 'Before', now], rows)] : [];
  if (!isInPlace && differences.length > 0) {
    const list = differences
      .map((difference) => `- ${escapeMarkdown(shortenNames(difference, [shortDigest]))}`)
      .join('\n');
    parts.push(folded(`Attempted changes: ${differences.length}`, list));
  }
  return parts.join('\n\n');
}

/** None: no revision is known, it is the same one, or nothing was to be deployed. */
function revisionRows({ kind, previousRevision, revision }: Outcome): readonly (readonly string[])[] {
  if (previousRevision) {
    const isNews = revision !== null && revision !== previousRevision;
    return isNews ? [['Revision', codeSpan(previousRevision), codeSpan(revision)]] : [];
  }
  return revision && kind !== 'planned' ? [['Revision', 'none: the first of this service', codeSpan(revision)]] : [];
}

/** CPU and memory of one instance, also where they stay as they are. */
function sizeRows({ size }: RunRecord): readonly (readonly string[])[] {
  if (!size) return [];
  const say = (text: string | null) => (text === null ? 'not set' : codeSpan(text));
  return [['Size', say(size.before), say(size.now)]];
}

/** The tag that was asked for: what is deployed is named by its digest. */
interface Named {
  readonly image: string | null;
  readonly tag: string | null;
}

function differenceRow(difference: string, { image, tag }: Named): readonly string[] {
  const [, container, before, now] = IMAGE.exec(difference) ?? [];
  if (before !== undefined && now !== undefined) {
    const what = container === undefined ? 'Image' : `Image of ${escapeMarkdown(container)}`;
    const from = tag !== null && now === image ? ` (${codeSpan(tag)})` : '';
    return [
      what,
      codeSpan(shortenNames(before, [shortDigest])),
      `${codeSpan(shortenNames(now, [shortDigest]))}${from}`,
    ];
  }
  const [, what, how] = MEMBER.exec(difference) ?? [];
  if (what === undefined || how === undefined) return [escapeMarkdown(difference), '', 'changed'];
  return [escapeMarkdown(what), how === 'added' ? 'absent' : 'present', how];
}
