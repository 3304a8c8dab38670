import { deploy } from './deploy.ts';
import { checkRun, difference, isSame } from './invariants.ts';
import { GOOD, type Stage, settle } from './stage.ts';

export interface NextRun {
  readonly afterMs: number;
  /** What it leads to on an untouched service. */
  readonly promised: string;
  /** It takes the traffic, also on a row of previews: one that was complete when its runner was lost may stay beside another. */
  readonly isFull?: boolean;
}

/** Whatever was left: the next deployment of a good image leads to exactly what it leads to on an untouched service. */
export async function checkNextRun(
  stage: Stage,
  { afterMs, promised, isFull = false }: NextRun,
): Promise<readonly string[]> {
  if (afterMs > 0) await stage.agent.world.clock.advance(afterMs);
  const run = await deploy(stage, {
    image: stage.publish('v3', GOOD),
    runId: '4712',
    inputs: isFull ? { traffic: '' } : {},
  });
  await settle(stage);
  const expected = stage.row.strategy === 'preview' && !isFull ? 'previewed' : 'deployed';
  const found = checkRun(run).map((violation) => `the next run: ${violation}`);
  if (run.outcome !== expected) return [...found, `the next run ended ${run.outcome}`];
  const shape = stage.shape().replace(/<(tag of )?v3>/g, '<$1v2>');
  return isSame(shape, promised) ? found : [...found, `drift after the next run: ${difference(promised, shape)}`];
}
