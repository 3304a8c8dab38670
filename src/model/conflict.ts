import { DeployError } from './errors.ts';

/**
 * Another run was faster, and nothing of ours was sent: it may be waited for, after which everything is read again.
 * `message`: `could not deploy to service agent: acme/agent, run 4711, is rolling out agent-1f2e3d4c`.
 */
export class ConflictError extends DeployError {
  constructor(message: string) {
    super('BUSY', message, { hint: 'Run again when that has ended, or set `on-conflict: wait`.' });
  }
}
