import type { DeployResult } from './deploy.ts';
import { difference, isSame } from './invariants.ts';
import type { RecordedCall } from './recording.ts';
import type { Stage } from './stage.ts';

/** How a run may end when another run or user was there: it touched nothing, or took back what it did. */
const GAVE_WAY = ['superseded', 'refused', 'rolled-back'];
const WON = ['deployed', 'previewed', 'unchanged'];

export interface Rival {
  readonly run: DeployResult;
  readonly isGood: boolean;
}

/** Of what is promised for two runs at once: exactly one is live at the end, or neither, when both are bad. */
export function checkRivals(
  stage: Stage,
  rivals: readonly [Rival, Rival],
  { before, promised }: { readonly before: string; readonly promised: string },
): readonly string[] {
  const outcomes = rivals.map(({ run }) => String(run.outcome));
  const wrong = outcomes.filter((outcome) => !WON.includes(outcome) && !GAVE_WAY.includes(outcome));
  if (wrong.length > 0) return [`ended ${outcomes.join(' and ')}`];
  const won = rivals.filter(({ run }) => WON.includes(String(run.outcome)));
  if (won.some(({ isGood }) => !isGood)) return [`a bad image ended ${outcomes.join(' and ')}`];
  if (won.length === 0) {
    const left = stage.exact() === before ? [] : [`neither won, but: ${difference(before, stage.exact())}`];
    return rivals.some(({ isGood }) => isGood) ? [...left, `a good image was there: ${outcomes.join(' and ')}`] : left;
  }
  // Previews may stand side by side.
  if (stage.row.strategy === 'preview' && won.length === 2) return stillServes(stage, 'v1');
  // Where both won, one after the other did.
  const last = won.reduce((one, other) => (endOf(other) > endOf(one) ? other : one));
  if (isPreviewReplaced(stage, rivals, last) && stage.exact() === before) return [];
  const shape = only(last.run.version, stage.shape());
  return isSame(shape, promised) ? [] : [`${outcomes.join(' and ')}, but: ${difference(promised, shape)}`];
}

/** A Deployment has one preview: a later run takes its place, and does not bring it back where it fails. */
function isPreviewReplaced({ row }: Stage, rivals: readonly Rival[], won: Rival): boolean {
  const isLater = rivals.some((other) => other !== won && endOf(other) > endOf(won));
  return row.target === 'kubernetes' && row.strategy === 'preview' && isLater;
}

function stillServes(stage: Stage, version: string): readonly string[] {
  const others = stage.shares().filter((share) => share.version !== version);
  return others.length === 0 ? [] : [`${others[0]?.version} serves instead of ${version}`];
}

/** The shape with `<v2>` in place of this version, as recordings have it. */
export function only(version: string, shape: string): string {
  const named = (name: string): RegExp => new RegExp(`<(tag of )?${name}>`, 'g');
  return version === 'v2' ? shape : shape.replace(named('v2'), '<$1other>').replace(named(version), '<$1v2>');
}

function endOf({ run }: Rival): number {
  return run.startedAt + run.mainMs + run.postMs;
}

/** What another user did, and what it leads to when no run is there. */
export interface Foreign {
  /** Everything as it is then. */
  readonly shape: string;
  /** The same where a run of ours ended right before: theirs is based on what that left. */
  readonly afterOurs: string;
  /** It takes no traffic, as the user gives it to revisions by name: ours may be live beside it. */
  readonly isBeside: boolean;
  /** Which call of the run came right after it. */
  readonly at: number;
}

/** Another user's deployment leaves what served before without traffic, and a later one leaves theirs: no affair of ours. */
export const UNSERVED = ['v1', 'v9'] as const;

/** Of what is promised where another user changes the service: nothing of ours is left, or all of it is. */
export function checkForeign(
  stage: Stage,
  run: DeployResult,
  { foreign, promised, window }: { readonly foreign: Foreign; readonly promised: string; readonly window: Window },
): readonly string[] {
  const shape = stage.shapeWithout(...UNSERVED);
  const isTheirs = isSame(shape, foreign.shape);
  const isOurs = isSame(shape, promised);
  const { outcome } = run;
  if (foreign.at > window.lastChange && isSame(shape, foreign.afterOurs)) return [];
  if (!WON.includes(String(outcome))) {
    if (!GAVE_WAY.includes(String(outcome))) return [`ended ${outcome}`];
    // A rollback's call replaces whatever is there too.
    if (window.unconditional.includes(foreign.at) && servedBy(stage) === 'v1') return [];
    return isTheirs ? [] : [`${outcome}, but not as the other user left it: ${difference(foreign.shape, shape)}`];
  }
  // Before our first change it is what we start from; after our last one it is live, whatever we said.
  if ((foreign.isBeside || foreign.at <= window.firstChange) && isOurs) return [];
  if (window.unconditional.includes(foreign.at) && isOurs) return [];
  // Our last change is that the marker goes: what is live was confirmed before it.
  if (foreign.at >= window.lastChange - 1 && isTheirs) return [];
  const [name, expected] = foreign.at <= window.firstChange ? ['ours', promised] : ['theirs', foreign.shape];
  return [`${outcome}, but not wholly ${name}: ${difference(expected, shape)}`];
}

const UNCONDITIONAL = /^(?:ecs:UpdateService|arm:ContainerApps_Update)$/;

/** Calls between which another change must be noticed. */
export interface Window {
  readonly firstChange: number;
  readonly lastChange: number;
  /** Calls that replace whatever is there: the platform has no condition for them. */
  readonly unconditional: readonly number[];
}

/** Cloud Run takes an ETag, Kubernetes a resourceVersion. */
const CONDITIONAL = /^(?:run|kubernetes):/;

export function windowOf(calls: readonly RecordedCall[]): Window {
  const changes = calls.filter(({ changes: isChange }) => isChange);
  const unconditional = calls.filter((call) => isUnconditional(call, calls)).map(({ n }) => n);
  // Where there is no condition, a run's first request writes its marker alone.
  const first = changes[0] && CONDITIONAL.test(changes[0].operation) ? changes[0] : changes[1];
  return { firstChange: first?.n ?? 0, lastChange: changes.at(-1)?.n ?? 0, unconditional };
}

/** Also the marking between the last read and such a call. */
function isUnconditional({ n, operation }: RecordedCall, calls: readonly RecordedCall[]): boolean {
  const isMarking = operation === 'ecs:TagResource' && calls[n]?.operation === 'ecs:UpdateService';
  return isMarking || UNCONDITIONAL.test(operation);
}

/** Versions that have traffic by weight. */
export function servedBy(stage: Stage): string {
  return [...new Set(stage.shares().map(({ version }) => version))].sort().join(' and ');
}
