import { DeployError } from './errors.ts';

export const ONE_AT_A_TIME_HINT = 'Let one workflow at a time deploy to the service: use `concurrency`.';

/** Another deployment came between. `message`: `could not deploy to service agent: agent:43 was deployed meanwhile`. */
export function superseded(message: string): DeployError {
  return new DeployError('SUPERSEDED', message, { hint: ONE_AT_A_TIME_HINT });
}
