import { readIfPossible } from '../../../io/read-optional.ts';
import { DeployError } from '../../../model/errors.ts';
import { joinSentences } from '../../../model/sentences.ts';
import type { Operation } from '../../../model/workload.ts';
import { type ContainerApp, findRevision } from './app.ts';
import { firstSeenAt } from './first-seen.ts';
import type { OurRevision } from './operation.ts';
import type { Warmth } from './restoration-facts.ts';
import { previouslyServing } from './restore-data.ts';
import { type RevisionState, toRevisionState } from './revision-state.ts';
import { isName } from './traffic-table.ts';

/** How long a revision may take to get as many replicas as the one whose traffic it takes. */
const LONGEST_WAIT_MS = 120_000;
/** A scale rule is evaluated every 30 seconds: https://learn.microsoft.com/azure/container-apps/scale-app */
const LONGEST_PAUSE_MS = 35_000;
const WAKE_TIMEOUT_MS = 10_000;

export interface Handover {
  readonly to: RevisionState;
  /** What serves now. */
  readonly from: readonly RevisionState[];
}

/**
 * May a revision take all traffic of those that serve? It should have as many replicas before that. Nothing but traffic or a
 * new revision gives it more than its minimum, so that is not waited for long.
 */
export function judgeWarmth(app: ContainerApp, { to, from }: Handover): Warmth {
  const now = app.io.clock.now();
  const serving = from.filter(({ share, active }) => active && share > 0);
  const running = serving.reduce((sum, { replicas }) => sum + replicas, 0);
  if (to.replicas >= Math.min(running, to.maxReplicas)) return 'warm';
  const waitedMs = now - firstSeenAt(app, `replicas of ${to.name}`);
  const unchangedMs = now - firstSeenAt(app, `${to.replicas} replicas of ${to.name}`);
  const hasMinimum = to.replicas >= Math.max(1, to.minReplicas);
  if (waitedMs < LONGEST_WAIT_MS && !(hasMinimum && unchangedMs >= LONGEST_PAUSE_MS))
    return to.replicas === 0 ? 'cold' : 'warming';
  warnOfFewReplicas(app, to, running);
  return 'warm';
}

function warnOfFewReplicas({ io, warned }: ContainerApp, { name, replicas }: RevisionState, running: number): void {
  const key = `few replicas of ${name}`;
  if (warned.has(key)) return;
  warned.add(key);
  const what = `${name} takes the traffic of ${running} replicas with ${replicas}; its scale rules add more as the traffic comes`;
  io.log.warning(joinSentences(what, 'A higher `minReplicas`, or more steps of a canary, make that smoother.'));
}

/** Without an ingress only its scale rules can start one. */
export async function wakeRevision(app: ContainerApp, { mark }: Pick<Operation, 'mark'>): Promise<void> {
  const read = () => findRevision(app, mark);
  const found = await readIfPossible(app.io.log, `the address of ${mark}`, read);
  if (found?.fqdn) await wake(app, found.fqdn);
}

/** One request to its own address starts a replica. Whatever comes of it, the platform says how many there are. */
export async function wake({ io }: ContainerApp, fqdn: string): Promise<void> {
  try {
    const signal = AbortSignal.timeout(WAKE_TIMEOUT_MS);
    const { body } = await io.http.send({
      method: 'GET',
      url: new URL(`https://${fqdn}/`),
      timeoutMs: WAKE_TIMEOUT_MS,
      signal,
    });
    body.destroy();
  } catch (error) {
    io.log.debug(`the request that was to wake ${fqdn} got no answer: ${String(error)}`);
  }
}

/**
 * Before ours gets all traffic. What can't be read is no reason to wait.
 * @throws DeployError THROTTLED: not yet
 */
export async function ensureReplicas(app: ContainerApp, { mark, previous }: OurRevision): Promise<void> {
  const names = previouslyServing(previous).filter((name) => !isName(name, mark));
  const read = () => Promise.all([mark, ...names].map((name) => findRevision(app, name)));
  const found = await readIfPossible(app.io.log, 'comparing the numbers of replicas', read);
  const [ours, ...serving] = found ?? [];
  if (!ours) return;
  const from = serving.flatMap((revision) => (revision ? [toRevisionState(revision)] : []));
  const to = toRevisionState(ours);
  const warmth = judgeWarmth(app, { to, from });
  if (warmth === 'warm') return;
  if (warmth === 'cold' && ours.fqdn) await wake(app, ours.fqdn);
  throw new DeployError('THROTTLED', `could not move all traffic to ${mark} yet: it has ${to.replicas} replicas`, {
    hint: 'Raise `minReplicas` of the app, so that a new revision starts with enough of them.',
  });
}
