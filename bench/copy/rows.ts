import type { BenchImage } from './bench-images.ts';
import type { Cut } from './cloud/state.ts';
import type { BenchNetwork } from './networks.ts';
import type { Route, ToolKind } from './tools.ts';

/** One thing to copy, and how things stand before. */
export interface Row {
  readonly name: string;
  readonly title: string;
  readonly image: string;
  readonly way: 'across' | 'again' | 'mount' | 'retag';
  readonly cut: Cut;
}

export const rows: readonly Row[] = [
  { name: 'many', title: '100 x 100 KB', image: 'many', way: 'across', cut: 'none' },
  { name: 'big', title: '8 x 100 MB', image: 'big', way: 'across', cut: 'none' },
  { name: 'index', title: 'index of 4 platforms, 129 MB', image: 'index', way: 'across', cut: 'none' },
  { name: 'again', title: 'everything already present', image: 'index', way: 'again', cut: 'none' },
  { name: 'mount', title: 'fresh mount from another repository', image: 'index', way: 'mount', cut: 'none' },
  { name: 'retag', title: 'new tag in the same repository', image: 'index', way: 'retag', cut: 'none' },
  { name: 'cut-upload', title: '8 x 100 MB, each upload cut once at 50%', image: 'big', way: 'across', cut: 'upload' },
  {
    name: 'cut-download',
    title: '8 x 100 MB, each download cut once at 50%',
    image: 'big',
    way: 'across',
    cut: 'download',
  },
];

/**
 * Only our own server can cut; how many at once matters only where there are round trips to hide; and what moves no bytes is
 * the same with TLS.
 */
export function isMeasured(row: Row, kind: ToolKind, network: BenchNetwork): boolean {
  const isFar = network.name === 'cloud';
  if (row.cut !== 'none') return isFar && kind !== 'raw' && kind !== 'tuned';
  if (network.isTls && row.way !== 'across') return false;
  if (kind === 'raw') return row.way === 'across';
  return kind === 'ours' || kind === 'default' || (kind === 'tuned' && isFar);
}

export function routeOf(row: Row, image: BenchImage, network: BenchNetwork): Route {
  const source = { repository: `bench/${image.name}`, tag: 'v1' };
  const isWithin = row.way === 'mount' || row.way === 'retag';
  return {
    isTls: network.isTls,
    image,
    from: network.source,
    to: isWithin ? network.source : network.destination,
    source,
    destination: row.way === 'retag' ? { ...source, tag: 'v2' } : { repository: `copies/${image.name}`, tag: 'v1' },
  };
}
