import { formatBytes, formatRate } from '../model/bytes.ts';
import { formatDuration } from '../model/duration.ts';
import type { CopyStatistics, Outcome, RunRecord } from '../model/outcome.ts';
import type { VerifiedImage } from '../model/requirement.ts';
import { autolink, codeSpan, escapeMarkdown, folded, table } from './escape.ts';

/** Whole names and addresses, to be copied from; the rest of the summary has their short forms and links. */
export function detailsSection(outcome: Outcome, record: RunRecord): string {
  const rows: [string, string][] = [['Outcome', codeSpan(outcome.kind)]];
  if (record.resource) rows.push(['Service', escapeMarkdown(record.resource)]);
  if (record.image) rows.push(['Image', codeSpan(record.image)]);
  for (const copy of record.copies) rows.push(['Copied', copyText(copy)]);
  if (record.url) rows.push(['URL', autolink(record.url)]);
  if (record.previewUrl) rows.push(['Preview', autolink(record.previewUrl)]);
  if (record.consoleUrl) rows.push(['Console', autolink(record.consoleUrl)]);
  if (record.logs?.url) rows.push(['Service logs', autolink(record.logs.url)]);
  return folded('Details', table(['What', 'Value'], rows));
}

/** Whose signature or attestation each image has. */
export function verifiedSection({ verified }: RunRecord): string {
  return verified.map((image) => `**Verified:** ${verifiedText(image)}`).join('\n\n');
}

function verifiedText({ kind, image, signer, repository, ref, commit }: VerifiedImage): string {
  if (signer === null) return `no: ${codeSpan(image)} is deployed unverified`;
  const source = [repository, ref, commit].flatMap((part) => (part === null ? [] : [codeSpan(part)]));
  return `${kind} by ${codeSpan(signer)}${source.length > 0 ? `, built from ${source.join(' ')}` : ''}`;
}

function copyText(copy: CopyStatistics): string {
  if (copy.isImported)
    return `imported directly by the registry, nothing through the runner, in ${formatDuration(copy.durationMs)}`;
  const amount = (blobs: number, bytes: number): string =>
    `${blobs} blobs${blobs > 0 ? ` (${formatBytes(bytes)})` : ''}`;
  const rate = copy.copiedBlobs > 0 ? `, ${formatRate(copy.copiedBytes, copy.durationMs)}` : '';
  const copied = `${amount(copy.copiedBlobs, copy.copiedBytes)} copied`;
  const saved = `${amount(copy.mountedBlobs, copy.mountedBytes)} mounted, ${amount(copy.skippedBlobs, copy.skippedBytes)} already present`;
  const referrers = copy.referrers ? `, ${copy.referrers.copied + copy.referrers.present} referrers` : '';
  const part = copy.platforms
    ? `; only ${escapeMarkdown(copy.platforms.join(', '))}, so the digest differs from that of ${escapeMarkdown(copy.source)}`
    : '';
  return `${copied}, ${saved}${referrers}, in ${formatDuration(copy.durationMs)}${rate}${part}`;
}
