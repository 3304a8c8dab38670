import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { median } from '../median.ts';
import type { BenchImage } from './bench-images.ts';
import { measureRun, type RunFigures } from './measure-run.ts';
import type { BenchNetwork, Traffic } from './networks.ts';
import { isMeasured, type Row, routeOf } from './rows.ts';
import type { Route, Tool } from './tools.ts';

/** Medians. null: not to be had. */
export interface ToolFigures {
  readonly tool: Tool;
  readonly runs: number;
  /** Why there are none, or not for all runs. */
  readonly failure: string | null;
  readonly wallMs: number;
  readonly fastestMs: number;
  readonly slowestMs: number;
  /** Without the start of the process; only ours says. */
  readonly inProcessMs: number | null;
  readonly cpuMs: number | null;
  readonly peakBytes: number | null;
  readonly traffic: Traffic | null;
}

export interface RowFigures {
  readonly row: Row;
  readonly imageBytes: number;
  readonly tools: readonly ToolFigures[];
}

interface Run extends RunFigures {
  readonly traffic: Traffic | null;
  readonly failure: string | null;
}

const LONGEST_MS = 60_000;
/** Who takes more than twice as long as we do after three runs is the best of nothing: two more would say no more. */
const RUNS_OF_SLOW = 3;

/**
 * All tools take turns, so that what else happens on the machine happens to all of them. On this machine the first round is
 * not counted; far away nothing gets warm, as every process and every connection is new.
 */
export async function measureRow(
  row: Row,
  network: BenchNetwork,
  { tools, image, runs }: { readonly tools: readonly Tool[]; readonly image: BenchImage; readonly runs: number },
): Promise<RowFigures> {
  const route = routeOf(row, image, network);
  const measured = new Map(
    tools.filter(({ kind }) => isMeasured(row, kind, network)).map((tool) => [tool, [] as Run[]]),
  );
  const [our] = [...measured.keys()];
  await network.reset(row.cut);
  if (row.way === 'again') await runTool(our!, route, { row, network, resets: false });
  const uncounted = network.name === 'cloud' ? 0 : 1;
  for (let round = 0; round < uncounted + runs; round += 1) {
    for (const [tool, done] of measured) {
      if (isDecided(tool, { row, done, ours: measured.get(our!) ?? [] })) continue;
      const run = await runTool(tool, route, { row, network, resets: row.way !== 'again' });
      if (round >= uncounted) done.push(run);
    }
  }
  const imageBytes = image.blobs.reduce((sum, { size }) => sum + size, 0);
  return { row, imageBytes, tools: [...measured].map(([tool, done]) => summarize(tool, done)) };
}

/** A minute for each of a peer's runs under cut connections is too much, and two runs don't differ by much. */
function isCostly({ kind }: Tool, { cut }: Row): boolean {
  return cut !== 'none' && kind !== 'ours';
}

function isDecided(
  tool: Tool,
  { row, done, ours }: { readonly row: Row; readonly done: readonly Run[]; readonly ours: readonly Run[] },
): boolean {
  if (isCostly(tool, row)) return done.length > 0;
  if (done.length < RUNS_OF_SLOW || tool.kind === 'ours') return false;
  const wall = (all: readonly Run[]): number => median(all.map(({ wallMs }) => wallMs));
  return wall(done) > 2 * wall(ours);
}

async function runTool(
  tool: Tool,
  route: Route,
  { row, network, resets }: { readonly row: Row; readonly network: BenchNetwork; readonly resets: boolean },
): Promise<Run> {
  if (resets) await network.reset(row.cut);
  await network.traffic();
  const figures = await measureRun(tool.command(route), { env: network.env, timeoutMs: LONGEST_MS });
  const traffic = await network.traffic();
  return { ...figures, traffic, failure: await findFailure(tool, route, { figures, network }) };
}

async function findFailure(
  tool: Tool,
  route: Route,
  { figures, network }: { readonly figures: RunFigures; readonly network: BenchNetwork },
): Promise<string | null> {
  if (figures.exitCode === null) return `not done after ${LONGEST_MS / 1000} s`;
  if (figures.exitCode !== 0) return lastWords(figures.output);
  if (tool.kind === 'raw') return null;
  const digest = await readDigest(route, network);
  return digest === route.image.digest ? null : `left ${digest} behind`;
}

/** `Put "http://…": readfrom tcp …: connection reset by peer` -> `connection reset by peer` */
function lastWords(output: string): string {
  const line = output.trim().split('\n').at(-1) ?? '';
  return (line.split(/: (?=\w)/).at(-1) ?? '').replace(/"$/, '').slice(-100);
}

async function readDigest({ to, destination, isTls }: Route, network: BenchNetwork): Promise<string> {
  const url = `${isTls ? 'https' : 'http'}://${to}/v2/${destination.repository}/manifests/${destination.tag}`;
  const accept = ['vnd.oci.image.index.v1+json', 'vnd.oci.image.manifest.v1+json'].map((type) => `application/${type}`);
  const ca = network.env['SSL_CERT_FILE'];
  const options = { method: 'HEAD', agent: false, headers: { accept: accept.join(', ') } };
  const request = isTls ? https.request(url, { ...options, ca: await readFile(ca!) }) : http.request(url, options);
  request.end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.resume();
  return String(response.headers['docker-content-digest'] ?? 'nothing');
}

function summarize(tool: Tool, runs: readonly Run[]): ToolFigures {
  const good = runs.filter(({ failure }) => failure === null);
  const counted = good.length > 0 ? good : runs;
  const middle = (of: (run: Run) => number | null): number | null => {
    const values = counted.map(of).filter((value) => value !== null);
    return values.length > 0 ? median(values) : null;
  };
  const walls = counted.map(({ wallMs }) => wallMs);
  const ofTraffic = (of: (traffic: Traffic) => number) => middle(({ traffic }) => traffic && of(traffic)) ?? 0;
  return {
    tool,
    runs: counted.length,
    failure: runs.find(({ failure }) => failure !== null)?.failure ?? null,
    wallMs: median(walls),
    fastestMs: Math.min(...walls),
    slowestMs: Math.max(...walls),
    inProcessMs: middle(({ output }) => Number(/^in-process ([\d.]+) ms$/m.exec(output)?.[1] ?? Number.NaN) || null),
    cpuMs: middle(({ cpuMs }) => cpuMs),
    peakBytes: middle(({ peakBytes }) => peakBytes),
    traffic: counted[0]?.traffic
      ? {
          requests: ofTraffic(({ requests }) => requests),
          bytesRead: ofTraffic(({ bytesRead }) => bytesRead),
          bytesWritten: ofTraffic(({ bytesWritten }) => bytesWritten),
        }
      : null,
  };
}
