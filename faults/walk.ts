import type { RunningStage } from '../simulators/process-pool/process-pool.ts';
import { cancelInVirtualTime } from './cancel.ts';
import type { Kind, Play, Verdict } from './cases.ts';
import { only } from './company.ts';
import { type DeployOptions, type DeployResult, deploy } from './deploy.ts';
import { doAsSaid, saysRelease } from './do-as-said.ts';
import { FAULT_KINDS } from './fault-kinds.ts';
import { perform } from './foreign.ts';
import { checkRun, difference, evidenceOf, isSame } from './invariants.ts';
import { titleOf } from './rows.ts';
import { BAD, GOOD, openStage, type Stage, settle } from './stage.ts';
import { describeWalk, planWalk, type RunPlan, type WalkStep } from './walk-plan.ts';
import { watchTraffic } from './watch-traffic.ts';

/** Runs on one service with whatever comes by chance, and then one that nothing disturbs. `at`: the number of the walk. */
export const walk: Kind = {
  name: 'walk',
  list: () => [],
  play,
};

interface Walked {
  readonly plan: RunPlan;
  readonly result: DeployResult;
  /** A permission was taken away: a rollback may fail then. */
  readonly isDenied: boolean;
}

async function play({ case: { row, at, seed }, recordings, pool }: Play): Promise<Verdict> {
  const steps = planWalk(seed, `${titleOf(row)} ${at}`, recordings);
  const stage = await openStage(row, pool);
  try {
    const traffic = watchTraffic(stage);
    const walked: Walked[] = [];
    for (const [index, step] of steps.entries()) {
      // What the traffic was pinned for may be said by a later run: the one that restores it.
      const release = steps.slice(0, index + 1).some(({ foreign }) => foreign?.act === 'deploy');
      walked.push(...(await playStep(stage, step, { release })));
    }
    const violations = walked.flatMap(checkWalked);
    const named = (image: string) => walked.flatMap(({ plan }) => (plan.image === image ? [plan.version] : []));
    const isForeign = steps.some(({ foreign }) => foreign !== null);
    const versions = walked.map(({ plan }) => plan.version);
    const left = {
      others: isForeign ? ['v1', 'v9', ...versions] : ['v9'],
      // A run that was lost may have undone what a person did for an earlier one: it is done again at the end.
      isPinned: saysRelease(walked.map(({ result }) => result)),
    };
    violations.push(...(await checkLast(stage, recordings.full, left)));
    violations.push(...traffic.violations({ good: named('good'), bad: named('bad'), isForeign }));
    const endings = walked.map(({ result }) => result.outcome ?? 'lost');
    const evidence = walked.flatMap(({ plan, result }) => [
      `-- ${plan.version}: ${result.outcome}`,
      ...evidenceOf(result),
    ]);
    return { violations, ending: endings.join(', '), evidence: [...describeWalk(steps), ...evidence] };
  } finally {
    await stage.close();
  }
}

async function playStep(
  stage: Stage,
  { run, faults, second, foreign, pauseMs }: WalkStep,
  said: { readonly release: boolean },
): Promise<readonly Walked[]> {
  const ends = faults.map(({ call, kind }) => FAULT_KINDS.find(({ name }) => name === kind)!.inject(stage, call));
  const others: Promise<DeployResult>[] = [];
  if (second) ends.push(atCall(stage, second.at, () => void others.push(deploy(stage, optionsFor(stage, second.run)))));
  if (foreign) {
    const image = stage.publish('v9', GOOD);
    ends.push(atCall(stage, foreign.at, () => perform(stage, foreign.act, image)));
  }
  const results = [await deploy(stage, optionsFor(stage, run)), ...(await Promise.all(others))];
  for (const end of ends) end();
  await doAsSaid(stage, results, said);
  if (pauseMs > 0) await stage.agent.world.clock.advance(pauseMs);
  const isDenied = faults.some(({ kind }) => kind === '403');
  return results.map((result, index) => ({ plan: index === 0 ? run : second!.run, result, isDenied }));
}

/** Once, at the n-th call from now on, whoever makes it. Returns how to forget it. */
function atCall({ agent }: Stage, n: number, act: () => unknown): () => void {
  let seen = 0;
  const stop = agent.world.edge.onCall(async (_call, when) => {
    if (when !== 'before' || ++seen !== n) return;
    stop();
    await act();
  });
  return stop;
}

function optionsFor(stage: Stage, { version, image, end }: RunPlan): DeployOptions {
  const { clock } = stage.agent.world;
  const run = { image: stage.publish(version, image === 'good' ? GOOD : BAD), runId: `47${version.slice(1)}` };
  if (!end) return run;
  const { at, way } = end;
  const kill = async (running: RunningStage): Promise<void> => {
    await clock.settle();
    await running.signal('SIGKILL');
  };
  return {
    ...run,
    onMain: (main) => {
      atCall(stage, at, () => (way === 'cancel' ? cancelInVirtualTime(main, clock) : kill(main)));
    },
    ...(way === 'both-killed' ? { onPost: (post) => void atCall(stage, 10, () => kill(post)) } : {}),
    isPostLost: () => way === 'runner-lost',
  };
}

const FINE = ['deployed', 'previewed', 'unchanged', 'superseded', 'refused', 'rolled-back'];
const UNDONE = ['rollback-failed', 'rollback-unconfirmed'];

function checkWalked({ plan, result, isDenied }: Walked): string[] {
  const { outcome } = result;
  const found = [...checkRun(result)];
  if (outcome !== null && !FINE.includes(outcome) && !(isDenied && UNDONE.includes(outcome)))
    found.push(`ended ${outcome}`);
  if (plan.image === 'bad' && FINE.slice(0, 3).includes(String(outcome))) found.push(`a bad image ended ${outcome}`);
  return found.map((violation) => `${plan.version}: ${violation}`);
}

/**
 * Whatever was left, this run leads to what it leads to on an untouched service. `others`: versions that another user's
 * deployment may have left without traffic. `isPinned`: a run said how to let the traffic follow the latest revision again.
 */
async function checkLast(
  stage: Stage,
  promised: string,
  { others, isPinned }: { readonly others: readonly string[]; readonly isPinned: boolean },
): Promise<readonly string[]> {
  // Previews that were asked for may stay until something is deployed.
  const inputs: Record<string, string> = stage.row.strategy === 'preview' ? { traffic: '' } : {};
  // What another user deployed and no one serves is not what this run is asked to continue.
  if (stage.row.target !== 'ecs') inputs['base'] = 'serving';
  const last = await deploy(stage, { image: stage.publish('v99', GOOD), runId: '4799', inputs });
  await settle(stage);
  await doAsSaid(stage, [last], { release: true });
  if (isPinned) stage.release?.();
  await settle(stage);
  const found = checkRun(last).map((violation) => `the last run: ${violation}`);
  if (last.outcome !== 'deployed') return [...found, `the last run ended ${last.outcome}: ${evidenceOf(last).at(-1)}`];
  const shape = only('v99', stage.shapeWithout(...others));
  return isSame(shape, promised) ? found : [...found, `drift after the last run: ${difference(promised, shape)}`];
}
