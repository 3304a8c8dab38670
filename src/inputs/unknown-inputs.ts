import { inputsElsewhere, registries, targets } from '../clouds/index.ts';
import type { Io } from '../io/io.ts';
import { nearest, squeeze } from '../model/nearest.ts';
import { environmentName, type StepInputs } from './step-inputs.ts';

/**
 * The runner only warns of an input that action.yml doesn't know; a misspelt `smoke-tests` would test nothing. An input and a
 * variable `INPUT_…` of the job look alike: one that resembles no input is taken for the job's own.
 */
export function noteUnknownInputs(
  inputs: StepInputs,
  { env, log }: Pick<Io, 'env'> & { readonly log?: Pick<Io['log'], 'warning'> },
): void {
  const known = new Set([...inputs.read, ...[...targets.values(), ...registries].flatMap((part) => part.inputs)]);
  const knownVariables = new Set([...known].map(environmentName));
  for (const variable of Object.keys(env).filter((name) => name.startsWith('INPUT_') && !knownVariables.has(name))) {
    const name = variable.slice('INPUT_'.length).toLowerCase();
    const next = findNext(name, [...known]);
    // The name of a variable seldom has a dash, and the names of our inputs have no underscore.
    if (next === null && !name.includes('-') && log) log.warning(notOurs(variable, name));
    else
      inputs.problem(name, {
        given: 'an input that this action does not have',
        expected: 'one that it has',
        next: next ?? 'Remove it.',
      });
  }
}

/** null: it resembles nothing. */
function findNext(name: string, known: readonly string[]): string | null {
  const same = known.find((input) => squeeze(input) === squeeze(name));
  const elsewhere = same ? null : inputsElsewhere.get(squeeze(name));
  if (elsewhere) return elsewhere;
  const meant = same ?? nearest(name, known);
  return meant ? `Did you mean \`${meant}\`?` : null;
}

function notOurs(variable: string, name: string): string {
  return `${variable} is set, and this action has no input \`${name}\`: remove it from \`with:\` if it is there. If it is a variable in the \`env:\` of the job or the workflow, it is not used here.`;
}
