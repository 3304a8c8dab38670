import { readIfPossible } from '../../../io/read-optional.ts';
import { openEndpoint } from '../../../model/endpoint.ts';
import { DeployError } from '../../../model/errors.ts';
import { textAt } from '../../../model/json.ts';
import { rankNearest } from '../../../model/nearest.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import type { Workload } from '../../../model/workload.ts';
import { REACH_PREVIEW } from '../../preview-address.ts';
import type { CloudContext } from '../../target.ts';
import { ensureExpectedSubscription } from '../account.ts';
import type { AccountInputs } from '../account-inputs.ts';
import { logIn } from '../login.ts';
import { openResourceManager } from '../resource-manager.ts';
import { type AppState, appPath, type ContainerApp, readApp, readAzure } from './app.ts';
import { captureRestorePoint } from './capture.ts';
import { findOperation, prepareChange } from './deploy.ts';
import { diagnoseRevision } from './diagnose.ts';
import { findClosedNetwork, findEndpoint, isTcp, warnOfAccessLimits } from './endpoint.ts';
import { finishRollout } from './finish.ts';
import { isLive } from './is-live.ts';
import { openMarkerControl } from './marking.ts';
import { watchRevision } from './observe.ts';
import type { RevisionOperation } from './operation.ts';
import { planChange } from './plan.ts';
import { readReadiness } from './readiness.ts';
import { restoreApp } from './restore.ts';
import { readRestoreData } from './restore-data.ts';
import { readRollbackTarget } from './rollback-target.ts';
import { findPreview, openTrafficControl } from './traffic.ts';
import { wakeRevision } from './warm-up.ts';

export interface ContainerAppsSettings extends AccountInputs {
  readonly app: string;
  readonly resourceGroup: string;
  /** Id of the subscription; '': any. */
  readonly expectedAccount: string;
  /** See `readPreviewUrl`. */
  readonly previewUrl: string | null;
  /** What becomes of the previous revision when the new one has all the traffic. */
  readonly keepPrevious: 'active' | 'inactive';
}

/** Finds the app. @throws DeployError NOT_FOUND, UNSUPPORTED, AUTH_FAILED, PERMISSION_DENIED, NETWORK. */
export async function openContainerApps(settings: ContainerAppsSettings, context: CloudContext): Promise<Workload> {
  const { io, signal } = context;
  const { app: name, resourceGroup } = settings;
  const { account, tokens } = await logIn(settings, context);
  ensureExpectedSubscription(account, settings.expectedAccount);
  const arm = openResourceManager({ subscription: account.subscription, tokens }, io);
  const resource = `container app ${name} (resource group ${resourceGroup})`;
  const app: ContainerApp = {
    name,
    resourceGroup,
    resource,
    arm,
    io,
    signal,
    warned: new Set(),
    firstSeen: new Map(),
    sent: new Map(),
    endings: new Map(),
    unanswered: { at: null },
  };
  const state = await readAppOrNearest(app);
  refuseUnsupported(app, state);
  const [closed] = await Promise.all([findClosedNetwork(app, state), warnOfAccessLimits(app, state)]);
  if (closed !== null && state.ingress?.['external'] === true)
    io.log.warning(`${app.resource}: ${closed}: smoke tests reach it only from a runner inside its network`);
  return openWorkload(app, state, { ...settings, closed });
}

async function readAppOrNearest(app: ContainerApp): Promise<AppState> {
  try {
    return await readApp(app);
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== 'NOT_FOUND') throw error;
    const names = (await tryListNames(app)).filter((name) => name !== app.name);
    if (names.length === 0) throw error;
    const sorted = [...new Set([...rankNearest(app.name, names), ...names])].slice(0, 10);
    throw new DeployError('NOT_FOUND', error.message, {
      cause: error.cause,
      hint: `Check the input \`service\`. The resource group has: ${sorted.join(', ')}.`,
    });
  }
}

async function tryListNames(app: ContainerApp): Promise<readonly string[]> {
  const call = { what: 'list the container apps', action: 'Microsoft.App/containerApps/read' };
  const names: string[] = [];
  const read = () =>
    readAzure(app, call, async (options) => {
      for await (const { name = '' } of app.arm.client.containerApps.listByResourceGroup(app.resourceGroup, options)) {
        names.push(name);
        if (names.length >= MOST_NAMES) break;
      }
    });
  await readIfPossible(app.io.log, 'the names of the existing ones', read);
  return names;
}

const MOST_NAMES = 200;

function refuseUnsupported(app: ContainerApp, { mode, document }: AppState): void {
  const refuse = (why: string, hint: string): never => {
    throw new DeployError('UNSUPPORTED', `could not deploy to ${app.resource}: ${why}`, { hint });
  };
  const running = textAt(document, 'properties', 'runningStatus').toLowerCase();
  const at = `--name ${app.name} --resource-group ${app.resourceGroup}`;
  if (running === 'stopped' || running === 'suspended')
    refuse('it is stopped, so nothing would show whether the change works', `Start it: az containerapp start ${at}.`);
  if (textAt(document, 'properties', 'provisioningState').toLowerCase() === 'deleting')
    refuse('it is being deleted', 'Deploy to another app.');
  if (mode !== 'single' && mode !== 'multiple') {
    const hint = `Set it to Multiple for canary and blue-green, or to Single for rolling: az containerapp revision set-mode ${at} --mode multiple.`;
    refuse(`its revision mode is ${mode}, in which the platform moves traffic by labels`, hint);
  }
}

interface OpenSettings extends ContainerAppsSettings {
  /** Why its addresses can't be reached from here; null: they may be. */
  readonly closed: string | null;
}

function openWorkload(app: ContainerApp, state: AppState, settings: OpenSettings): Workload {
  const { previewUrl } = settings;
  const splits = state.mode === 'multiple' && state.ingress !== null;
  const remedy = findRemedy(app, state, settings);
  return {
    resource: app.resource,
    capabilities: {
      traffic: splits ? { by: 'us', weights: 'any' } : null,
      preview: remedy === null,
      changes: ['edit'],
      remedy,
    },
    consoleUrl: formatPortalUrl(app, 'revisionManagement'),
    logs: { url: formatPortalUrl(app, 'logstream'), command: null },
    fencesLateCalls: false,
    readiness: () => readReadiness(app),
    capture: () => captureRestorePoint(app),
    rollbackTarget: (point) => readRollbackTarget(app, point, settings),
    plan: (change) => planChange(app, change),
    prepare: (change) => prepareChange(app, change),
    findOperation: (mark, point) => findOperation(app, { mark, point }),
    watch: (operation: RevisionOperation) => watchRevision(app, operation),
    wake: (operation) => wakeRevision(app, operation),
    traffic: splits ? openTrafficControl(app) : null,
    marker: openMarkerControl(app),
    finish: (operation: RevisionOperation, point) => finishRollout(app, operation, { ...settings, point }),
    preview: (operation) => findPreview(app, operation, previewUrl),
    diagnose: (operation: RevisionOperation) => diagnoseRevision(app, operation),
    restore: (point, mark, elapsedMs) => restoreApp(app, { point, mark, elapsedMs }),
    isLive: async (mark) => isLive(await readApp(app), mark),
    endpoint: async (url) => (url === null ? findEndpoint(state) : openEndpoint(url)),
    restoreCommand: (point) => formatRestoreCommand(app, point),
  };
}

/**
 * Where a person sees the app in the Azure portal.
 *
 * `revisionManagement`: https://github.com/Altinn/altinn-authorization/blob/1472402/.github/templates/tilgangsstyring-pnd.md.
 * `logstream`: as Microsoft's extension for VS Code linked it, https://github.com/microsoft/vscode-azurecontainerapps/blob/fa2f632/src/tree/LogsItem.ts#L49.
 */
function formatPortalUrl(app: ContainerApp, page: 'revisionManagement' | 'logstream'): string {
  return `https://portal.azure.com/#resource${appPath(app)}/${page}`;
}

/** What makes a preview possible; null: it is. */
function findRemedy(app: ContainerApp, state: AppState, { previewUrl, closed }: OpenSettings): string | null {
  const { name, resourceGroup } = app;
  if (state.mode !== 'multiple')
    return `Set its revision mode to Multiple (az containerapp revision set-mode --name ${name} --resource-group ${resourceGroup} --mode multiple)`;
  if (state.ingress === null) return 'Give the app an ingress (az containerapp ingress enable)';
  if (previewUrl !== null) return null;
  if (isTcp(state)) return 'Give the app an HTTP ingress (az containerapp ingress enable --transport auto)';
  return closed === null ? null : REACH_PREVIEW;
}

/** Single mode has no traffic to move: the previous revision is copied, as a new one. */
export function formatRestoreCommand(
  { name, resourceGroup }: Pick<ContainerApp, 'name' | 'resourceGroup'>,
  point: RestorePoint,
): string {
  const at = `--name ${name} --resource-group ${resourceGroup}`;
  const data = readRestoreData(point);
  if (!data) return `az containerapp revision list ${at} --all`;
  const { mode, templateRevision, ready } = data;
  if (mode === 'single') return `az containerapp revision copy ${at} --from-revision ${templateRevision}`;
  return `az containerapp revision activate ${at} --revision ${ready} && az containerapp ingress traffic set ${at} --revision-weight ${ready}=100`;
}
