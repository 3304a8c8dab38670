import type { Kind, Play, Verdict } from './cases.ts';
import { checkForeign, servedBy, UNSERVED, windowOf } from './company.ts';
import { deploy } from './deploy.ts';
import { doAsSaid } from './do-as-said.ts';
import { checkRun, difference, evidenceOf } from './invariants.ts';
import type { RecordedCall } from './recording.ts';
import { callsOf } from './single-run.ts';
import { BAD, GOOD, openStage, type Stage, settle } from './stage.ts';
import { watchTraffic } from './watch-traffic.ts';

const ACTS = ['deploy', 'preview', 'reapply'] as const;
type Act = (typeof ACTS)[number];

/** Another user, or a tool, changes the service at each call of a run: right before the call takes effect. */
export const foreign: Kind = {
  name: 'foreign',
  list: (row, recordings) =>
    (['good', 'bad'] as const).flatMap((image) =>
      (row.form === 'copy' ? [] : callsOf(row, recordings, image)).flatMap(({ n }) =>
        ACTS.filter((act) => act !== 'preview' || hasPreviews(row)).map((act) => ({
          at: n,
          variant: `${image}/${act}`,
        })),
      ),
    ),
  play,
};

/** A preview of another user is no change of the traffic: only with traffic by name can one be made without. */
function hasPreviews({ target, form }: Play['case']['row']): boolean {
  return target === 'cloud-run' || (target === 'container-apps' && form !== 'single');
}

async function play({ case: { row, at, variant }, recordings, pool }: Play): Promise<Verdict> {
  const [image, act] = variant.split('/') as ['good' | 'bad', Act];
  const recording = recordings[image];
  const call = recording.calls[at - 1];
  if (!call) throw new Error(`the run has no call ${at}`);
  const stage = await openStage(row, pool);
  try {
    const { shape: alone, quiet, serves } = await playAlone({ row, pool, act, image: null });
    const afterOurs = await playAlone({ row, pool, act, image });
    const traffic = watchTraffic(stage);
    const reference = stage.publish('v2', image === 'good' ? GOOD : BAD);
    const theirs = stage.publish('v9', GOOD);
    let actedAt = 0;
    let named = '';
    interfere(stage, call, () => {
      named = servedBy(stage);
      perform(stage, act, theirs);
      actedAt = stage.agent.world.edge.calls.length;
    });
    const run = await deploy(stage, { image: reference });
    await settle(stage);
    // Of a preview the traffic is to stay where it is.
    await doAsSaid(stage, [run], { release: act === 'deploy' });
    const window = windowOf(recording.calls);
    const isOverwritten = window.unconditional.includes(at);
    const of = {
      foreign: {
        shape: quiet,
        afterOurs: afterOurs.quiet,
        isBeside: act === 'deploy' && serves === 'v1',
        at: stage.foreignAt?.() ?? actedAt,
      },
      promised: recordings.good.after,
    };
    return {
      violations: [
        ...checkRun(run),
        ...(run.outcome === 'previewed' && act !== 'preview'
          ? checkOurPreview(stage, { serves, act })
          : act === 'preview'
            ? checkBesidePreview(stage, run.outcome, isOverwritten || named !== 'v1' ? null : alone)
            : checkForeign(stage, run, { ...of, window })),
        ...traffic.violations({
          good: image === 'good' ? ['v2'] : [],
          bad: image === 'bad' ? ['v2'] : [],
          isForeign: true,
        }),
      ],
      ending: run.outcome ?? 'nothing',
      evidence: evidenceOf(run),
    };
  } finally {
    await stage.close();
  }
}

/** Before the effect of this call; the platform may have to be free first. */
export function interfere({ agent }: Stage, call: RecordedCall, act: () => void): void {
  let seen = 0;
  const stop = agent.world.edge.onCall(({ operation }, when) => {
    if (when !== 'before' || operation !== call.operation || ++seen !== call.nth) return;
    stop();
    act();
  });
}

export function perform(stage: Stage, act: Act, image: string): void {
  if (act === 'deploy') stage.foreignDeploy(image);
  else if (act === 'reapply') stage.reapply();
  else stage.foreignPreview?.(image);
}

interface Alone {
  readonly shape: string;
  /** Without what serves no one. */
  readonly quiet: string;
  /** Versions that have traffic. */
  readonly serves: string;
}

const known = new Map<string, Promise<Alone>>();

interface AloneOf extends Pick<Play, 'pool'> {
  readonly row: Play['case']['row'];
  readonly act: Act;
  /** Of a run that ended before; null: there was none. */
  readonly image: 'good' | 'bad' | null;
}

/** What the other user's change leads to when no run is there. */
function playAlone({ row, pool, act, image }: AloneOf): Promise<Alone> {
  const key = JSON.stringify([row, act, image]);
  const play = async (): Promise<Alone> => {
    const stage = await openStage(row, pool);
    const reference = stage.publish('v2', image === 'bad' ? BAD : GOOD);
    if (image !== null) await deploy(stage, { image: reference });
    perform(stage, act, stage.publish('v9', GOOD));
    await settle(stage);
    const found = { shape: stage.shapeWithout('v1'), quiet: stage.shapeWithout(...UNSERVED), serves: servedBy(stage) };
    await stage.close();
    return found;
  };
  const found = known.get(key) ?? play();
  known.set(key, found);
  return found;
}

/** It stays, gets nothing, and keeps no one from deploying. `alone` null: it names ours, or a change of ours came at once. */
function checkBesidePreview(stage: Stage, outcome: string | null, alone: string | null): readonly string[] {
  const served = servedBy(stage);
  const expected = outcome === 'deployed' ? 'v2' : 'v1';
  const isKept = [...stage.names().values()].includes('v9');
  const shape = stage.shapeWithout('v1');
  return [
    ...(served === expected ? [] : [`${outcome} beside a preview, but ${served} serves`]),
    ...(isKept ? [] : ['the preview of the other user is gone']),
    ...(outcome === 'deployed' || outcome === 'previewed' || alone === null || shape === alone
      ? []
      : [`${outcome}, but not as the other user left it: ${difference(alone, shape)}`]),
  ];
}

/** A preview of ours leaves the traffic as the other user has it. */
function checkOurPreview(
  stage: Stage,
  { serves, act }: { readonly serves: string; readonly act: Act },
): readonly string[] {
  const served = servedBy(stage);
  const isKept = act === 'reapply' || [...stage.names().values()].includes('v9');
  return [
    // A preview names what serves, so what is deployed after that waits for traffic.
    ...([serves, 'v1'].includes(served) ? [] : [`previewed, but ${served} serves instead of ${serves}`]),
    ...(isKept ? [] : ['the deployment of the other user is gone']),
  ];
}
