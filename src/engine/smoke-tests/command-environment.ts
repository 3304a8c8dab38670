import { isPassed } from '../../model/passed-variables.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** What of the job's environment a command gets. `asked`: names that it gets beside the usual ones, or `PREFIX_*`. */
export function commandEnvironment(env: Variables, asked: readonly string[]): Record<string, string> {
  const passed = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(passed.filter(([name]) => isPassed(name, asked)));
}

/** Names of the job's variables that a script mentions and doesn't get. */
export function missingVariables(script: string, env: Variables, asked: readonly string[]): readonly string[] {
  const mentioned = new Set(script.match(/[A-Za-z_][A-Za-z0-9_]*/g));
  return [...mentioned].filter((name) => Object.hasOwn(env, name) && !isPassed(name, asked)).slice(0, 10);
}
