import { DeployError } from '../model/errors.ts';

export function superseded(message: string): DeployError {
  return new DeployError('SUPERSEDED', message, {
    hint: 'Let one workflow at a time deploy to the service: use `concurrency`.',
  });
}
