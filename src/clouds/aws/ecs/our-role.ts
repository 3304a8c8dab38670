import { readIfPossible } from '../../../io/read-optional.ts';
import { textAt } from '../../../model/json.ts';
import type { EcsService } from './service.ts';
import { describeTaskDefinition } from './task-definition-wire.ts';

/**
 * Did the role that we use register it? AWS keeps that, and a tag of the definition would need one more permission. False
 * where it can't be told.
 */
export async function isMadeByOurRole(ecs: EcsService, taskDefinition: string): Promise<boolean> {
  const { log } = ecs.io;
  const loss = 'knowing who made the other deployment';
  const made = await readIfPossible(log, loss, () => describeTaskDefinition(ecs, taskDefinition));
  const caller = await readIfPossible(log, loss, () => readCallerArn(ecs));
  const maker = textAt(made?.taskDefinition, 'registeredBy');
  return maker !== '' && withoutSession(maker) === withoutSession(caller ?? '');
}

/** Few runs need it, and it needs another SDK. */
async function readCallerArn({ region, io, signal }: EcsService): Promise<string> {
  const { readCaller } = await import('../caller.ts');
  return (await readCaller(region, { io, signal })).Arn ?? '';
}

/** `arn:aws:sts::123456789012:assumed-role/deploy/session` -> the same without the session, which each job has of its own. */
export function withoutSession(arn: string): string {
  return arn.replace(/(:assumed-role\/[^/]+)\/.*$/, '$1');
}
