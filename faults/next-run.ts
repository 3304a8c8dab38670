import { deploy } from './deploy.ts';
import { checkRun, difference } from './invariants.ts';
import { GOOD, type Stage, settle } from './stage.ts';

/** Whatever was left: the next deployment of a good image leads to exactly what it leads to on an untouched service. */
export async function checkNextRun(
  stage: Stage,
  { afterMs, promised }: { readonly afterMs: number; readonly promised: string },
): Promise<readonly string[]> {
  if (afterMs > 0) await stage.agent.world.clock.advance(afterMs);
  const run = await deploy(stage, { image: stage.publish('v3', GOOD), runId: '4712' });
  await settle(stage);
  const expected = stage.row.strategy === 'preview' ? 'previewed' : 'deployed';
  const found = checkRun(run).map((violation) => `the next run: ${violation}`);
  if (run.outcome !== expected) return [...found, `the next run ended ${run.outcome}`];
  const shape = stage.shape().replace(/<(tag of )?v3>/g, '<$1v2>');
  return shape === promised ? found : [...found, `drift after the next run: ${difference(promised, shape)}`];
}
