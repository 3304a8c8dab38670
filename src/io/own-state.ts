import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';

type Env = Record<string, string | undefined>;

/** Name of the state that says which run the others are of. */
export const RUN = 'run';
/** Name of the state that main saves last, with its run as the value: it has said how it ended, so nothing is left for post. */
export const REPORTED = 'reported';

// Apart from the rest of io/, so that a post step with nothing to do loads nothing.

/**
 * The first thing that main does. The runner hands state to post as STATE_* variables, and an earlier step can set such a
 * variable for the whole job (GITHUB_ENV): only what this action saved itself takes precedence over it.
 */
export function claimState(env: Env): void {
  const own = {
    [RUN]: `${jobOf(env)} ${randomBytes(16).toString('hex')}`,
    [REPORTED]: 'false',
    journal: '',
    github: '',
  };
  for (const [name, value] of Object.entries(own)) env[`STATE_${name}`] = value;
  const text = Object.entries(own).map(([name, value]) => `${name}=${value}\n`);
  try {
    appendFileSync(env['GITHUB_STATE'] ?? '', text.join(''));
  } catch {
    // Without such a file the journal can't be written either, and that refuses the deployment.
  }
}

/** The first thing that post does: where main saved no state, or for another job, nothing that is there is believed. */
export function checkState(env: Env): void {
  const run = env[`STATE_${RUN}`] ?? '';
  if (!run.startsWith(`${jobOf(env)} `)) env[`STATE_${RUN}`] = `unknown ${randomBytes(16).toString('hex')}`;
}

export function wasReported(env: Env): boolean {
  return env[`STATE_${REPORTED}`] === env[`STATE_${RUN}`];
}

/** A step can't set GITHUB_* variables for those after it. */
function jobOf(env: Env): string {
  return ['GITHUB_RUN_ID', 'GITHUB_RUN_ATTEMPT', 'GITHUB_JOB'].map((name) => env[name] ?? '').join('/');
}
