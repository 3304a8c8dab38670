import { DeployError } from '../model/errors.ts';
import type { Observation, Operation } from '../model/workload.ts';
import { superseded } from './superseded.ts';

/** @throws DeployError ROLLED_BACK_BY_PLATFORM, SUPERSEDED or DEPLOY_FAILED for one that failed */
export function ensureSucceeded({ status, reason, message }: Observation, { revision }: Operation): void {
  if (status !== 'failed') return;
  if (reason === 'SUPERSEDED') throw superseded(`could not roll out ${revision}: ${message}`);
  const code = reason === 'ROLLED_BACK_BY_PLATFORM' ? reason : 'DEPLOY_FAILED';
  throw new DeployError(code, `could not roll out ${revision}: ${message}`, { hint: ROLL_OUT_HINTS[code] });
}

const ROLL_OUT_HINTS = {
  ROLLED_BACK_BY_PLATFORM:
    'Read why the platform gave it up (log group "Why"), correct the image or its configuration, and run again.',
  DEPLOY_FAILED:
    'Read the facts and the container\'s last lines in the log group "Why", correct the image or its configuration, and run again.',
} as const;
