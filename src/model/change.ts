import { DeployError } from './errors.ts';
import type { Capabilities, Change, EditChange } from './workload.ts';

/** @throws DeployError UNSUPPORTED, from the capabilities alone: before anything is touched */
export function ensureChangeable(
  { kind }: Change,
  { resource, capabilities }: { readonly resource: string; readonly capabilities: Capabilities },
): void {
  if (!capabilities.changes.includes(kind)) throw unsupported(kind, resource);
}

/** For targets that can only edit what is live. @throws DeployError UNSUPPORTED for any other kind of change */
export function ensureEdit(change: Change, resource: string): EditChange {
  if (change.kind === 'edit') return change;
  throw unsupported(change.kind, resource);
}

const CALLED: Readonly<Record<Change['kind'], string>> = {
  edit: 'images and configuration',
  definition: 'a whole definition',
  revision: 'a revision that was there before',
};

function unsupported(kind: Change['kind'], resource: string): DeployError {
  return new DeployError('UNSUPPORTED', `could not deploy ${CALLED[kind]}: ${resource} does not support it`, {
    hint: 'Set `image`, and configuration by name.',
  });
}
