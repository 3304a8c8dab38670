import { DeployError } from '../../../model/errors.ts';

/** Not yet: it is tried again. `what`: `renew the marker on container app agent`. */
export function changeInProgress(what: string): DeployError {
  return new DeployError('THROTTLED', `could not ${what} yet: a change of the app is in progress`, {
    hint: 'Run again when no other change of the app is in progress.',
  });
}
