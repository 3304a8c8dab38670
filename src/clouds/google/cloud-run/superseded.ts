import { DeployError } from '../../../model/errors.ts';
import type { RunService } from './service.ts';

export function superseded(run: RunService, what: string): DeployError {
  return new DeployError('SUPERSEDED', `could not go on with ${run.resource}: ${what}`, {
    hint: 'Let one workflow at a time deploy to the service: use `concurrency`.',
  });
}
