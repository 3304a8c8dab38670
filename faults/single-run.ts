import type { Case, Kind, Play, Verdict } from './cases.ts';
import { deploy } from './deploy.ts';
import { doAsSaid } from './do-as-said.ts';
import { FAULT_KINDS, type FaultKind } from './fault-kinds.ts';
import { checkRun, checkState, evidenceOf } from './invariants.ts';
import { checkNextRun } from './next-run.ts';
import type { RecordedCall, Recording, Recordings } from './recording.ts';
import { isDisturbed, type Row } from './rows.ts';
import { BAD, GOOD, openStage, settle } from './stage.ts';
import { watchTraffic } from './watch-traffic.ts';

/** Every recorded call of one run, with every kind of fault. */
export const fault: Kind = {
  name: 'fault',
  list: (row, recordings) =>
    (['good', 'bad'] as const).flatMap((image) =>
      callsOf(row, recordings, image).flatMap((call) =>
        FAULT_KINDS.filter(({ fits }, index) => (fits?.(call) ?? true) && isInTurn(row, call, index)).map(
          ({ name }) => ({ at: call.n, variant: `${image}/${name}` }),
        ),
      ),
    ),
  play,
};

const READS_SHARE = 3;

/** A run on Kubernetes reads a hundred times, so each read meets every third kind of fault, the next one the next kinds. */
function isInTurn({ target }: Row, { n, mutates, operation }: RecordedCall, index: number): boolean {
  return target !== 'kubernetes' || mutates || operation.startsWith('workload:') || (n + index) % READS_SHARE === 0;
}

/** A run whose image is bad is the same as another until the smoke test. */
export function callsOf(row: Row, recordings: Recordings, image: 'good' | 'bad'): readonly RecordedCall[] {
  const { calls } = recordings[image];
  const from = image === 'good' ? 0 : calls.findIndex(({ operation }) => operation.startsWith('workload:'));
  return calls.slice(from).filter((call) => isDisturbed(row, call));
}

async function play({ case: { row, at, variant }, recordings, pool }: Play): Promise<Verdict> {
  const { image, kind, recording, call } = read({ at, variant }, recordings);
  const stage = await openStage(row, pool);
  try {
    const before = stage.exact();
    const reference = stage.publish('v2', image === 'good' ? GOOD : BAD);
    const traffic = watchTraffic(stage);
    const end = kind.inject(stage, call);
    const run = await deploy(stage, { image: reference });
    end();
    await settle(stage);
    await doAsSaid(stage, [run], { release: false });
    const { outcome } = run;
    const state = { before, now: stage.exact(), shape: stage.shape(), promised: recordings.good.after };
    const wrongState = checkState(outcome, state);
    // Without a permission something may stay, until a run has it again.
    const isExcused = kind.lasts === 'lasting' && outcome === recording.outcome && wrongState.length > 0;
    const isOver = outcome !== 'rollback-failed' && outcome !== 'rollback-unconfirmed' && !isExcused;
    const ofNext = isOver ? [] : await checkNextRun(stage, { afterMs: 0, promised: state.promised });
    const violations = [
      ...checkRun(run),
      ...(isExcused ? [] : wrongState),
      ...checkOutcome(outcome, { kind, call, recording, image }),
      ...traffic.violations({ good: image === 'good' ? ['v2'] : [], bad: image === 'bad' ? ['v2'] : [] }),
      ...ofNext,
    ];
    return { violations, ending: outcome ?? 'nothing', evidence: evidenceOf(run) };
  } finally {
    await stage.close();
  }
}

function read({ at, variant }: Pick<Case, 'at' | 'variant'>, recordings: Recordings) {
  const [image = '', name = ''] = variant.split('/');
  const kind = FAULT_KINDS.find((candidate) => candidate.name === name);
  if ((image !== 'good' && image !== 'bad') || !kind) throw new Error(`there is no variant ${variant}`);
  const recording = recordings[image];
  const call = recording.calls[at - 1];
  if (!call) throw new Error(`the run has ${recording.calls.length} calls, not ${at}`);
  return { image, kind, recording, call } as const;
}

/** Whatever goes wrong once is got over, or the run ends as if it had never begun. */
function checkOutcome(
  outcome: string | null,
  {
    kind,
    call,
    recording,
    image,
  }: {
    readonly kind: FaultKind;
    readonly call: RecordedCall;
    readonly recording: Recording;
    readonly image: 'good' | 'bad';
  },
): readonly string[] {
  const isRetried = kind.lasts === 'once' && !call.mutates && !call.operation.startsWith('workload:');
  const allowed = [
    recording.outcome,
    ...(isRetried && image === 'good' ? [] : ['rolled-back', 'refused']),
    ...allowedFor(kind.name, call),
    ...(kind.lasts === 'lasting' ? ['rollback-failed', 'rollback-unconfirmed'] : []),
  ];
  return allowed.includes(String(outcome)) ? [] : [`ended ${outcome} instead of ${allowed.join(' or ')}`];
}

function allowedFor(kind: string, { operation }: RecordedCall): readonly string[] {
  // Nothing is touched yet where the first call finds no one for seconds.
  if (kind === 'refused') return ['refused'];
  // What an earlier step put into the environment can't be renewed, and who is refused a login is refused.
  return kind === '401' && /^(?:ecs|ecr|elbv2|logs|github|sts|iamcredentials|entra|registry):/.test(operation)
    ? ['rolled-back', 'refused']
    : [];
}
