import { type JsonObject, textAt } from '../../model/json.ts';
import { isPodReady } from './classify-pod.ts';
import type { PodFinding } from './pod-finding.ts';

/** One pod of our template, and what it shows. */
export interface PodReading {
  readonly pod: JsonObject;
  readonly findings: readonly PodFinding[];
}

export interface PodFailure {
  readonly reason: string;
  readonly message: string;
  readonly hint: string | null;
  /** Name of the pod, and of the container; '': it is about the pod. */
  readonly pod: string;
  readonly container: string;
}

export interface PodsVerdict {
  /** null: none, or none yet. */
  readonly failure: PodFailure | null;
  /** One line for each thing that is in the way. */
  readonly notes: readonly string[];
  /** Something may be a failure soon. */
  readonly isSuspicious: boolean;
}

export type JudgePods = (readings: readonly PodReading[], now: number) => PodsVerdict;

/** How long something that may be one node's is seen beside pods that are ready, until it is a failure. */
const BESIDE_READY_MS = 30_000;
const MOST_EVICTED = 5;
const MOST_NOTES = 5;

/**
 * Remembers since when each finding is seen: what may pass is given its time. Nothing else: another watch would only need that
 * time once more.
 */
export function openPodJudge(): JudgePods {
  let since = new Map<string, number>();
  return (readings, now) => {
    const seen = new Map<string, number>();
    const all = readings.flatMap(({ pod, findings }) => findings.map((finding) => ({ pod, finding })));
    const isAnyReady = readings.some(({ pod }) => isPodReady(pod));
    const failures = all.filter(({ pod, finding }) => {
      const key = keyOf(pod, finding);
      const first = since.get(key) ?? now;
      seen.set(key, first);
      return isFailure(finding, { ageMs: now - first, isAnyReady });
    });
    since = seen;
    const first = failures[0] ?? findEvictions(all);
    return {
      failure: first ? toFailure(first) : null,
      notes: [...new Set(all.map(describe))].slice(0, MOST_NOTES),
      isSuspicious: all.some(({ finding }) => finding.fatalAfterMs !== null),
    };
  };
}

function isFailure(
  { fatalAfterMs, isOfTemplate }: PodFinding,
  { ageMs, isAnyReady }: { readonly ageMs: number; readonly isAnyReady: boolean },
): boolean {
  if (fatalAfterMs === null) return false;
  return ageMs >= (isOfTemplate || !isAnyReady ? fatalAfterMs : BESIDE_READY_MS);
}

/** A pull that fails goes back and forth between two reasons. */
function keyOf(pod: JsonObject, { reason, container, fatalAfterMs }: PodFinding): string {
  const kind = /^(?:ErrImagePull|ImagePullBackOff)$/.test(reason) ? `pull ${fatalAfterMs}` : reason;
  return `${textAt(pod, 'metadata', 'uid')} ${container} ${kind}`;
}

interface Found {
  readonly pod: JsonObject;
  readonly finding: PodFinding;
}

/** One is the node's affair. When it goes on, the program needs more of something than it says. */
function findEvictions(all: readonly Found[]): Found | null {
  const evicted = all.filter(({ finding }) => finding.reason === 'Evicted');
  return evicted.length >= MOST_EVICTED ? evicted[0]! : null;
}

function toFailure({ pod, finding }: Found): PodFailure {
  const { reason, hint, container } = finding;
  return { reason, hint, container, message: describe({ pod, finding }), pod: textAt(pod, 'metadata', 'name') };
}

/** `pod web-7d…-x2v1, container web: it crashes: exit code 1, 2 restarts` */
function describe({ pod, finding: { container, reason, message } }: Found): string {
  const where = container === '' ? '' : `, container ${container}`;
  return `pod ${textAt(pod, 'metadata', 'name')}${where}: ${reason}: ${message}`;
}
