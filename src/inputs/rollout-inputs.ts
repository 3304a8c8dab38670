import type { TrafficStep } from '../model/traffic.ts';
import { strategies } from '../strategies/index.ts';
import { preview } from '../strategies/preview.ts';
import type { Strategy } from '../strategies/strategy.ts';
import { parseTrafficSteps } from '../strategies/traffic-steps.ts';
import type { StepInputs } from './step-inputs.ts';

export interface RolloutOptions {
  readonly strategy: Strategy;
  /** Shares of the traffic, ascending to 100%; none where the strategy has none. */
  readonly trafficSteps: readonly TrafficStep[];
}

/** Reads `strategy`, `steps` and `traffic`. */
export function parseRollout(inputs: StepInputs): RolloutOptions {
  const name = inputs.choice(
    'strategy',
    strategies.map((known) => known.name),
    'rolling',
  );
  const named = strategies.find((known) => known.name === name) ?? strategies[0];
  const strategy = parseTraffic(inputs) === 0 ? preview : named;
  return { strategy, trafficSteps: parseSteps(inputs, named) };
}

/** Asks this text of the input `traffic` for a preview? */
export function isWithoutTraffic(given: string): boolean {
  return withoutPercent(given) === '0';
}

function withoutPercent(given: string): string {
  return given.replace(/%$/, '').trimEnd();
}

/** The share at which the deploy ends, in percent. */
function parseTraffic(inputs: StepInputs): 0 | 100 {
  if (isWithoutTraffic(inputs.text('traffic'))) return 0;
  const given = withoutPercent(inputs.text('traffic'));
  if (given !== '' && given !== '100') {
    const next = 'For shares between them write `strategy: canary` and `steps`.';
    inputs.problem('traffic', { given: `"${given.slice(0, 60)}"`, expected: '0 or 100', next });
  }
  return 100;
}

function parseSteps(inputs: StepInputs, { name, steps: allowed }: Strategy): readonly TrafficStep[] {
  const given = inputs.parsed<readonly TrafficStep[] | null>('steps', parseTrafficSteps, null);
  if (allowed === null) {
    const next = 'Write `strategy: canary`, or remove it.';
    if (given) inputs.problem('steps', { given: 'a value', expected: `nothing with \`strategy: ${name}\``, next });
    return [];
  }
  const steps = given ?? parseTrafficSteps(allowed.default);
  if (steps[0]!.percent < allowed.lowest) {
    const expected = `${allowed.lowest}% alone with \`strategy: ${name}\``;
    inputs.problem('steps', { given: `${steps[0]!.percent}%`, expected, next: `Write it like ${allowed.default}.` });
  }
  return steps;
}
