import { parseDuration } from '../model/duration.ts';
import { DeployError } from '../model/errors.ts';
import type { TrafficStep } from '../model/traffic.ts';

const STEP = /^(\d{1,3})\s*%(?:\s+for\s+(\S+))?$/;
const MOST_STEPS = 20;
const LONGEST_BAKE_MS = 24 * 60 * 60 * 1_000;
/** Of a share without a duration: a share that is not analyzed protects no one. `for 0s` asks for that. */
const USUAL_BAKE_MS = 60_000;

/**
 * `5% for 5m, 25% for 10m` -> ascending steps that end at 100%, which is added where it isn't written. A share without a
 * duration is analyzed for a minute; a last one of 100%, after others that were analyzed, for none.
 * @throws DeployError INPUT_INVALID that names the step and what is wrong with it
 */
export function parseTrafficSteps(text: string): readonly TrafficStep[] {
  const parts = text.split(/[,\n]/).map((part) => part.trim());
  const steps = parts.filter((part) => part !== '').map((part, index) => parseStep(part, index === 0));
  if (steps.length === 0 || steps.length > MOST_STEPS) throw invalid(`expected 1 to ${MOST_STEPS} steps`);
  for (const [index, { percent }] of steps.entries()) {
    const before = steps[index - 1]?.percent ?? 0;
    if (percent <= before)
      throw invalid(`${percent}% comes after ${before}%: each step has to be larger than the last`);
  }
  return steps.at(-1)!.percent === 100 ? steps : [...steps, { percent: 100, bakeMs: 0 }];
}

function parseStep(text: string, isFirst: boolean): TrafficStep {
  const [, digits = '', duration] = STEP.exec(text) ?? [];
  const percent = Number(digits);
  const quoted = `"${text.slice(0, 40)}"`;
  if (digits === '') throw invalid(`${quoted} is not a share with a duration`);
  if (percent < 1 || percent > 100) throw invalid(`${quoted} is not between 1% and 100%`);
  const bakeMs = duration === undefined ? usualBakeMs(percent, isFirst) : parseDuration(duration);
  if (bakeMs === null || bakeMs > LONGEST_BAKE_MS)
    throw invalid(`${quoted} has no duration of at most 24h after "for"`);
  return { percent, bakeMs };
}

function usualBakeMs(percent: number, isFirst: boolean): number {
  return percent === 100 && !isFirst ? 0 : USUAL_BAKE_MS;
}

function invalid(why: string): DeployError {
  return new DeployError('INPUT_INVALID', `could not read the steps: ${why}`, {
    hint: 'Write ascending shares of the traffic, such as 5% for 5m, 25% for 10m; 100% is always last.',
  });
}
