import { DeployError, isTransient } from '../../../model/errors.ts';
import { joinSentences } from '../../../model/sentences.ts';
import { type ContainerApp, deactivateRevision, findRevision } from './app.ts';

/**
 * A revision that no one needs any more: where it can't be deactivated, that is a warning with the command.
 * @param why completes `deactivated agent--d1, …`
 * @throws DeployError transient, or CANCELLED: tried again while there is time
 */
export async function tryDeactivate(app: ContainerApp, name: string, why: string): Promise<void> {
  try {
    if ((await findRevision(app, name))?.active !== true) return;
    await deactivateRevision(app, name);
    app.io.log.info(`deactivated ${name}, ${why}`);
  } catch (error) {
    if (!(error instanceof DeployError) || isTransient(error) || error.code === 'CANCELLED') throw error;
    const { name: appName, resourceGroup } = app;
    const command = `az containerapp revision deactivate --name ${appName} --resource-group ${resourceGroup} --revision ${name}`;
    app.io.log.warning(`${joinSentences(error.message)} It keeps running without traffic: ${command}`);
  }
}
