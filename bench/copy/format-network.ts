import { markdownTable } from '../markdown-table.ts';
import { checkBar } from './check-bar.ts';
import type { RowFigures, ToolFigures } from './measure-row.ts';

const HEAD = ['', 'wall s', 'x ours', 'fastest - slowest', 'CPU s', 'peak MB', 'requests', 'read x', 'sent x'];

/** The bar, and one table for each row of the bench. */
export function formatNetwork(
  name: string,
  figures: readonly RowFigures[],
  { head, absent }: { readonly head: string; readonly absent: readonly string[] },
): string {
  const notes = absent.length > 0 ? [`Absent: ${absent.join('; ')}.`] : [];
  return [head, ...notes, checkBar(name, figures), ...figures.map(formatRow)].join('\n\n');
}

function formatRow({ row, imageBytes, tools }: RowFigures): string {
  const ours = tools.find(({ tool }) => tool.kind === 'ours');
  const lines = tools.flatMap((figures) => formatTool(figures, { ours, imageBytes }));
  const failures = tools
    .filter(({ failure }) => failure !== null)
    .map(({ tool, failure }) => `- ${tool.name}: ${failure}`);
  return [
    `**${row.title}**`,
    markdownTable([HEAD, ...lines]),
    ...(failures.length > 0 ? [failures.join('\n')] : []),
  ].join('\n\n');
}

function formatTool(
  figures: ToolFigures,
  { ours, imageBytes }: { readonly ours: ToolFigures | undefined; readonly imageBytes: number },
): string[][] {
  const { tool, runs, failure, wallMs, fastestMs, slowestMs, inProcessMs, cpuMs, peakBytes, traffic } = figures;
  const ratio = (value: number, to: number | undefined): string => (to ? (value / to).toFixed(2) : '-');
  const seconds = (ms: number | null): string => (ms === null ? '-' : (ms / 1000).toFixed(2));
  const line = [
    `${tool.name}${failure !== null && runs === 1 ? ' (fails)' : ''}`,
    seconds(wallMs),
    ratio(wallMs, ours?.wallMs),
    `${seconds(fastestMs)} - ${seconds(slowestMs)} (${runs})`,
    seconds(cpuMs),
    peakBytes === null ? '-' : (peakBytes / 1e6).toFixed(0),
    traffic ? String(traffic.requests) : '-',
    traffic ? ratio(traffic.bytesRead, imageBytes) : '-',
    traffic ? ratio(traffic.bytesWritten, imageBytes) : '-',
  ];
  if (inProcessMs === null) return [line];
  return [
    line,
    ['- without its start', seconds(inProcessMs), ratio(inProcessMs, ours?.wallMs), '', '', '', '', '', ''],
  ];
}
