/** Name of the state that main saves last: it has said how it ended, so nothing is left for post. */
export const REPORTED = 'reported';

/** As the runner hands state over. Apart from the rest of io/, so that a post step with nothing to do loads nothing. */
export function wasReported(env: Readonly<Record<string, string | undefined>>): boolean {
  return env[`STATE_${REPORTED}`] === 'true';
}
