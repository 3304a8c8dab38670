import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** From the line with the verdict to the end of the process. The time that it waits counts: a busy machine makes everything else longer. */
export const LONGEST_WAIT_MS = 1_000;

/** By clock/after-verdict.mjs. */
export interface AfterVerdict {
  readonly livedMs: number;
  readonly waitedMs: number;
  readonly handles: readonly string[];
}

interface Stage {
  readonly entry: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}

interface VerdictEnvironment {
  readonly SIM_VERDICT_FILE?: string;
}

/** Those with these have something to tell to others after the verdict, which may take seconds. */
const TELLS = ['notify', 'github-token', 'otlp-endpoint'];

/**
 * Where VERDICT_TALLY names a file (scripts/test.js), every stage of the bundle on virtual time goes on in real time once it has
 * told a failure. `files`: a folder that stays until the stage has ended.
 */
export function verdictEnvironment({ entry, inputs, env }: Stage, files: string): VerdictEnvironment {
  const isMeant =
    process.env['VERDICT_TALLY'] && !entry.endsWith('.ts') && env['NODE_OPTIONS']?.includes('preload.mjs');
  if (!isMeant || TELLS.some((name) => inputs[name])) return {};
  return { SIM_VERDICT_FILE: join(files, 'verdict.json') };
}

/** @throws Error for a process that outlived its verdict by more than a second; the others are counted */
export function noteVerdict({ SIM_VERDICT_FILE: file }: VerdictEnvironment): void {
  const tally = process.env['VERDICT_TALLY'];
  if (!file || !tally || !existsSync(file)) return;
  const { livedMs, waitedMs, handles } = JSON.parse(readFileSync(file, 'utf8')) as AfterVerdict;
  appendFileSync(tally, `${Math.round(waitedMs)}\n`);
  if (waitedMs < LONGEST_WAIT_MS) return;
  const open = handles.join(', ');
  throw new Error(
    `a process waited for ${Math.round(waitedMs)} ms (of ${Math.round(livedMs)}) after its verdict: ${open}`,
  );
}
