import { DeployError } from '../../../model/errors.ts';
import { type AppState, type ContainerApp, findRevision } from './app.ts';
import { isName, readTraffic } from './traffic-table.ts';

/**
 * Azure refuses every traffic table that gives a share to a revision which is not active, so ours, in which the others keep
 * their shares, would be refused when the rollout has begun.
 * @throws DeployError UNSUPPORTED
 */
export async function ensureActive(
  app: ContainerApp,
  { mode, ingress, traffic, latestReady }: AppState,
): Promise<void> {
  if (mode !== 'multiple' || !ingress) return;
  for (const { revision, weight } of readTraffic(traffic)) {
    if (revision === null || weight === 0 || isName(revision, latestReady)) continue;
    const found = await findRevision(app, revision);
    if (found?.active === true) continue;
    const why = found ? 'is not active' : 'does not exist any more';
    const at = `--name ${app.name} --resource-group ${app.resourceGroup}`;
    const again = found
      ? `Activate it (az containerapp revision activate ${at} --revision ${revision}), or give`
      : 'Give';
    throw new DeployError(
      'UNSUPPORTED',
      `could not deploy to ${app.resource}: its traffic gives ${weight}% to ${revision}, which ${why}`,
      { hint: `${again} its share to another (az containerapp ingress traffic set ${at}), then run again.` },
    );
  }
}
