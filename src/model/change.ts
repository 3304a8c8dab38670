import { DeployError } from './errors.ts';
import type { Change, EditChange } from './workload.ts';

/** For targets that can only edit what is live. @throws DeployError UNSUPPORTED for any other kind of change */
export function ensureEdit(change: Change, resource: string): EditChange {
  if (change.kind === 'edit') return change;
  throw new DeployError(
    'UNSUPPORTED',
    `could not deploy a ${change.kind} to ${resource}: it takes only images and configuration`,
    {
      hint: 'Set `image`, and configuration by name.',
    },
  );
}
