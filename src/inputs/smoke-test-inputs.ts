import { targets } from '../clouds/index.ts';
import type { Files } from '../io/files.ts';
import type { SmokeTest } from '../model/smoke-test.ts';
import { repositoryFiles } from './repository-files.ts';
import { parseSmokeTestLimits } from './smoke-test-limits.ts';
import { parseSmokeTests } from './smoke-tests.ts';
import type { StepInputs } from './step-inputs.ts';

/** Reads `smoke-tests`, and what it may be only with some targets. Problems are noted in `inputs`. */
export function readSmokeTests(inputs: StepInputs, files: Files): readonly SmokeTest[] {
  const limits = parseSmokeTestLimits(inputs);
  const tests = inputs.parsed('smoke-tests', (text) => parseSmokeTests(text, repositoryFiles(files), limits), []);
  noteNeedsInside(inputs, tests);
  return tests;
}

/** Of a target that isn't known, nothing is known. */
function noteNeedsInside(inputs: StepInputs, tests: readonly SmokeTest[]): void {
  const target = targets.get(inputs.text('target'));
  const [first] = tests.filter(({ inside }) => inside);
  if (!first || !target || target.hasInside) return;
  const able = [...targets].filter(([, { hasInside }]) => hasInside).map(([name]) => name);
  inputs.problem('smoke-tests', {
    given: `\`in-cluster: true\` for "${first.name}"`,
    expected: `it only with target: ${able.join(', ')}`,
    next: 'Remove it: the smoke test then runs on the runner.',
  });
}
