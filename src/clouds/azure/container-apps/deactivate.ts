import { DeployError, isTransient } from '../../../model/errors.ts';
import { joinSentences } from '../../../model/sentences.ts';
import { type ContainerApp, deactivateRevision, findRevision } from './app.ts';
import { firstSeenAt } from './first-seen.ts';

/** How long it is tried again to deactivate a revision that no one needs any more. */
const LONGEST_TRIES_MS = 120_000;

/**
 * A revision that no one needs any more: where it can't be deactivated, that is a warning with the command.
 * @param why completes `deactivated agent--d1, …`
 * @throws DeployError transient, or CANCELLED: tried again, for two minutes
 */
export async function tryDeactivate(app: ContainerApp, name: string, why: string): Promise<void> {
  await leaveIfRefused(app, name, async () => {
    if ((await findRevision(app, name))?.active !== true) return;
    await deactivateRevision(app, name);
    app.io.log.info(`deactivated ${name}, ${why}`);
  });
}

/** @throws as `tryDeactivate` */
export async function leaveIfRefused(app: ContainerApp, name: string, deactivate: () => Promise<void>): Promise<void> {
  try {
    await deactivate();
  } catch (error) {
    if (!(error instanceof DeployError) || error.code === 'CANCELLED') throw error;
    const triedMs = app.io.clock.now() - firstSeenAt(app, `${name} can't be deactivated`);
    if (isTransient(error) && triedMs < LONGEST_TRIES_MS) throw error;
    warnOfLeftover(app, name, error);
  }
}

function warnOfLeftover(app: ContainerApp, name: string, error: DeployError): void {
  if (isLeft(app, name)) return;
  app.warned.add(leftoverKey(name));
  const at = `--name ${app.name} --resource-group ${app.resourceGroup}`;
  const command = `az containerapp revision deactivate ${at} --revision ${name}`;
  app.io.log.warning(`${joinSentences(error.message)} It keeps running without traffic: ${command}`);
}

/** It was said that it keeps running. */
export function isLeft({ warned }: ContainerApp, name: string): boolean {
  return warned.has(leftoverKey(name));
}

/** It is needed again. */
export function forgetLeftover({ warned }: ContainerApp, name: string): void {
  warned.delete(leftoverKey(name));
}

function leftoverKey(name: string): string {
  return `${name} keeps running`;
}
