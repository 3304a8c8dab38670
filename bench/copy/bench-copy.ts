import { loadavg } from 'node:os';
import path from 'node:path';
import { describeMachine } from '../machine.ts';
import { writeBetweenMarkers } from '../write-between-markers.ts';
import { type BenchImage, buildBenchImages } from './bench-images.ts';
import { bundleOurCopy } from './bundle-our-copy.ts';
import { formatNetwork } from './format-network.ts';
import { measureRow, type RowFigures } from './measure-row.ts';
import { type BenchNetwork, openCloud, openLoopback } from './networks.ts';
import { isMeasured, rows } from './rows.ts';
import { findTools, type Tool } from './tools.ts';

export interface BenchCopyOptions {
  /** Absent: all. */
  readonly network?: string;
  readonly row?: string;
  /** What the names of those begin with that are measured beside our own, with commas between. */
  readonly tool?: string;
  readonly runs: number;
}

const DOCUMENT = path.resolve(import.meta.dirname, '../../docs/performance.md');

/** Prints one table for each network, and writes it into the document when nothing was left out. */
export async function benchCopy(options: BenchCopyOptions): Promise<void> {
  const images = buildBenchImages();
  const { present, absent } = await findTools(await bundleOurCopy());
  for (const line of absent) print(`absent: ${line}`);
  const wanted = (options.tool ?? '').split(',');
  const tools = present.filter(({ name, kind }) => kind === 'ours' || wanted.some((start) => name.startsWith(start)));
  await withNetworks(options, images, async (network) => {
    const figures = await measureNetwork(network, { tools, images, options });
    const versions = [...new Set(tools.map(({ name, version }) => `${name.split(' ')[0]} ${version}`))];
    const head = `${describeMachine()}; ${new Date().toISOString().slice(0, 10)}; ${versions.slice(2).join(', ')}.`;
    const text = formatNetwork(network.name, figures, { head, absent });
    print(`\n${text}\n`);
    const isWhole = options.row === undefined && options.tool === undefined;
    if (isWhole) await writeBetweenMarkers(DOCUMENT, `bench copy ${network.name}`, text);
  });
}

async function withNetworks(
  { network: only }: BenchCopyOptions,
  images: readonly BenchImage[],
  body: (network: BenchNetwork) => Promise<void>,
): Promise<void> {
  const isWanted = ({ name }: { readonly name: string }): boolean => only === undefined || name === only;
  const near = only === 'cloud' ? [] : await openLoopback(images);
  if (near === null) print('absent: docker-registry: not installed (bench/copy/install does that)');
  const far = isWanted({ name: 'cloud' }) ? [await openCloud()] : [];
  const all = [...far, ...(near ?? [])];
  try {
    for (const network of all.filter(isWanted)) await body(network);
  } finally {
    for (const network of all) await network.close();
  }
}

async function measureNetwork(
  network: BenchNetwork,
  { tools, images, options }: { tools: readonly Tool[]; images: readonly BenchImage[]; options: BenchCopyOptions },
): Promise<readonly RowFigures[]> {
  const figures: RowFigures[] = [];
  const wanted = rows.filter(({ name }) => options.row === undefined || options.row === name);
  for (const row of wanted.filter((one) => isMeasured(one, 'ours', network))) {
    const startedAt = performance.now();
    const image = images.find(({ name }) => name === row.image)!;
    figures.push(await measureRow(row, network, { tools, image, runs: options.runs }));
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
    print(`${network.name} ${row.name}: ${seconds} s, load ${loadavg()[0]!.toFixed(2)}`);
  }
  return figures;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
