import { findLeaks, known } from '../simulators/planted-secrets.ts';
import type { StageResult } from '../simulators/runner.ts';
import { placesOfStage } from '../simulators/secret-places.ts';
import type { DeployResult } from './deploy.ts';
import { LONGEST_MAIN_MS, LONGEST_POST_MS } from './rows.ts';
import { PLANTED } from './secrets.ts';

const GREEN = ['deployed', 'previewed', 'unchanged', 'planned'];
/** Words of a bug, not of a cause. */
const NEVER_SAID =
  /the simulation broke: .*|TypeError|ReferenceError|RangeError|Cannot read prop|\[object \w+\]|unexpected error|is not a function|is not iterable|ZodError|\bundefined\b|\n\s+at \S+ \(.*:\d+:\d+\)/;

/** What every run promises, whatever happened: exit codes, time limits, a cause, no secret. */
export function checkRun(run: DeployResult): readonly string[] {
  const stages = run.post ? [run.main, run.post] : [run.main];
  return [
    ...checkExit(run),
    ...checkTime(run),
    ...stages.flatMap(checkWords),
    ...checkCause(run),
    ...checkSecrets(run),
  ];
}

function checkExit({ main, post, outcome }: DeployResult): readonly string[] {
  if (outcome === null) return post === null || post.signal !== null ? [] : ['no outcome was said'];
  const isGreen = GREEN.includes(outcome);
  // Post has nothing to add to what main has reported.
  const expected = main.outputs['outcome'] ? [isGreen ? 0 : 1, 0] : [null, isGreen ? 0 : 1];
  const codes = [main.signal === null ? main.exitCode : null, post?.exitCode ?? null];
  const wrong = ['main', 'post'].filter(
    (_, index) => expected[index] !== null && codes[index] !== null && expected[index] !== codes[index],
  );
  return wrong.map((name) => `the exit code of ${name} does not match the outcome ${outcome}`);
}

function checkTime({ mainMs, postMs }: DeployResult): readonly string[] {
  return [
    ...(mainMs > LONGEST_MAIN_MS ? [`main took ${Math.round(mainMs / 1_000)} s`] : []),
    ...(postMs > LONGEST_POST_MS ? [`post took ${Math.round(postMs / 1_000)} s`] : []),
  ];
}

function checkWords({ log, summary }: StageResult): readonly string[] {
  const said = NEVER_SAID.exec(`${log}\n${summary}`);
  return said ? [`the log says ${JSON.stringify(said[0].trim())}`] : [];
}

/** A red run says why, in one annotation with more than a title. */
function checkCause({ main, post, outcome }: DeployResult): readonly string[] {
  if (outcome === null || GREEN.includes(outcome)) return [];
  const log = main.outputs['outcome'] ? main.log : (post?.log ?? '');
  return /^::error [^:]*::.{20,}/m.test(log) ? [] : ['no error annotation with a cause'];
}

function checkSecrets({ main, post, files, requests }: DeployResult): readonly string[] {
  const stages = post ? [main, post] : [main];
  // The runner hides what is masked, so a masked value is a secret too.
  const masks = stages.flatMap(({ log }) => log.match(/(?<=^::add-mask::).*$/gm) ?? []);
  const masked = [...new Set(masks)].map((value) => known('a masked value', decodeURIComponent(value.trim()), /./));
  const places = [
    ...stages.flatMap((stage, index) => placesOfStage(index === 0 ? 'main' : 'post', stage)),
    ...requests,
  ];
  const leaks = findLeaks([...PLANTED, ...masked], [...places, { name: 'a file of the job', text: files }]);
  return [...new Set(leaks.map(({ secret, form, place }) => `${secret} (${form}) is in ${place}`))];
}

export interface Ending {
  /** Before everything, and what serves now: exactly. */
  readonly before: string;
  readonly now: string;
  /** The same by version, and what a deployment that nothing disturbed leads to. */
  readonly shape: string;
  readonly promised: string;
}

/** What is configured and serves is what the outcome says: wholly old or wholly new. */
export function checkState(outcome: string | null, { before, now, shape, promised }: Ending): readonly string[] {
  if (outcome === 'deployed' || outcome === 'previewed') {
    return isSame(shape, promised) ? [] : [`says ${outcome}, but: ${difference(promised, shape)}`];
  }
  if (outcome === 'rolled-back' || outcome === 'refused') {
    return isSame(now, before) ? [] : [`says ${outcome}, but: ${difference(before, now)}`];
  }
  return [];
}

/** The same lines: in which order the platform lists its tasks says nothing. */
export function isSame(one: string, other: string): boolean {
  return one === other || linesOf(one) === linesOf(other);
}

/** The last one of a list has no comma. */
function linesOf(text: string): string {
  return text.replace(/,$/gm, '').split('\n').sort().join();
}

/** The first lines that differ. */
export function difference(expected: string, found: string): string {
  const [one, other] = [expected.split('\n'), found.split('\n')];
  const lost = without(one, other).map((line) => `-${line.trim()}`);
  const more = without(other, one).map((line) => `+${line.trim()}`);
  return [...lost.slice(0, 4), ...more.slice(0, 4)].join(' ').slice(0, 400) || 'the order differs';
}

/** The lines of one that the other doesn't have, or not as often. */
function without(lines: readonly string[], others: readonly string[]): readonly string[] {
  const rest = [...others];
  return lines.filter((line) => {
    const found = rest.indexOf(line);
    if (found >= 0) rest.splice(found, 1);
    return found < 0;
  });
}

/** Lines of a log that say what happened. */
export function evidenceOf({ main, post }: DeployResult): readonly string[] {
  const lines = `${main.log}\n${post?.log ?? ''}`.split('\n');
  return lines
    .filter((line) => /^::(?:error|warning)|\[[a-z-]+\]$|could not/.test(line))
    .slice(-4)
    .map((line) => line.slice(0, 300));
}
