import { isPassable } from '../model/passed-variables.ts';
import type { Networks } from '../model/smoke-test.ts';
import type { StepInputs } from './step-inputs.ts';

/** What holds for each smoke test, whatever it says itself. */
export interface SmokeTestLimits {
  readonly networks: Networks;
  /** Names of variables, or `PREFIX_*`. */
  readonly passedVariables: readonly string[];
}

export const NO_LIMITS: SmokeTestLimits = { networks: 'any', passedVariables: [] };

const VARIABLES = 'names of variables such as API_TOKEN, or STAGING_* for all that begin with STAGING_';

/** Reads `deny-private-networks` and `smoke-test-env`. */
export function parseSmokeTestLimits(inputs: StepInputs): SmokeTestLimits {
  const networks = inputs.boolean('deny-private-networks', false) ? 'public' : 'any';
  const names = inputs
    .lines('smoke-test-env')
    .flatMap((line) => line.split(','))
    .map((name) => name.trim());
  const passedVariables = [...new Set(names.filter((name) => name !== ''))];
  for (const name of passedVariables) noteProblem(name, inputs);
  return { networks, passedVariables };
}

function noteProblem(name: string, inputs: StepInputs): void {
  // What isn't a name may be a value that was written in its place.
  if (!/^[A-Za-z_][A-Za-z0-9_]*(?:_\*)?$/.test(name)) {
    const next = 'Write the names only, not their values, and an underscore before `*`.';
    inputs.problem('smoke-test-env', { given: 'something else', expected: VARIABLES, next });
  } else if (!isPassable(name)) {
    const next = 'Remove it: it belongs to this action or to the runner, and no command gets it.';
    inputs.problem('smoke-test-env', { given: name.slice(0, 80), expected: VARIABLES, next });
  }
}
