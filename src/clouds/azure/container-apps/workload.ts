import { readFile } from 'node:fs/promises';
import type { Io } from '../../../io/io.ts';
import { readIfPossible } from '../../../io/read-optional.ts';
import { DeployError } from '../../../model/errors.ts';
import type { ImageImporter } from '../../../model/image-importer.ts';
import { textAt } from '../../../model/json.ts';
import { rankNearest } from '../../../model/nearest.ts';
import { type ChangeMark, openEndpoint, type RestorePoint, type Workload } from '../../../model/workload.ts';
import type { OpenTarget } from '../../target.ts';
import { findAccount } from '../account.ts';
import { chooseLogin } from '../credential.ts';
import { acrKeychain, isAcr } from '../registry/keychain.ts';
import { openResourceManager, type ResourceManager } from '../resource-manager.ts';
import { openTokens } from '../tokens.ts';
import { type AppState, appPath, type ContainerApp, readApp, readAzure } from './app.ts';
import { captureRestorePoint } from './capture.ts';
import { formatConsoleUrl } from './console-url.ts';
import { deployRevision } from './deploy.ts';
import { diagnoseRevision } from './diagnose.ts';
import { findEndpoint, warnOfClosedDoors } from './endpoint.ts';
import { findOurOperation, observeRevision } from './observe.ts';
import { OwnChanges } from './own-change.ts';
import { planChange, prepareChange } from './plan.ts';
import { readReadiness } from './readiness.ts';
import { restoreApp } from './restore.ts';
import { parseRestoreData } from './restore-data.ts';
import type { ContainerAppsSettings } from './target.ts';
import { openTrafficControl } from './traffic.ts';
import { followsLatest, isName, readTraffic, shareOf } from './traffic-table.ts';

/** Finds the app. @throws DeployError NOT_FOUND, UNSUPPORTED, AUTH_FAILED, PERMISSION_DENIED, NETWORK. */
export async function openContainerApps(settings: ContainerAppsSettings, io: Io): Promise<OpenTarget> {
  const { app: name, resourceGroup } = settings;
  const account = await findAccount(settings, io, (file) => readFile(file, 'utf8'));
  const login = chooseLogin(account, io);
  io.log.info(`Azure: ${login.name}, subscription ${account.subscription}`);
  const tokens = openTokens(login.open, io);
  const arm = openResourceManager({ subscription: account.subscription, tokens }, io);
  const resource = `container app ${name} (resource group ${resourceGroup})`;
  const app: ContainerApp = { name, resourceGroup, resource, arm, io, warned: new Set() };
  const state = await readAppOrNearest(app);
  refuseUnsupported(app, state);
  await warnOfClosedDoors(app, state);
  const keychain = acrKeychain({ tokens, tenantId: account.tenantId }, io);
  return { workload: openWorkload(app, state, settings), keychain, importer: lazyImporter(arm, resourceGroup, io) };
}

/** Its client is loaded when an image is to be brought into a registry that can be asked, and not before. */
function lazyImporter(arm: ResourceManager, resourceGroup: string, io: Io): ImageImporter {
  return {
    // Between two of its own the copy mounts, or moves over the same network; and each would need the other's login.
    handles: ({ source, destination }) => isAcr(destination.registry) && !isAcr(source.registry),
    async tryImport(wish) {
      const { acrImporter } = await import('../registry/importer.ts');
      return await acrImporter(arm, resourceGroup, io).tryImport(wish);
    },
  };
}

async function readAppOrNearest(app: ContainerApp): Promise<AppState> {
  try {
    return await readApp(app);
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== 'NOT_FOUND') throw error;
    const names = await tryListNames(app);
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
  await readIfPossible(app.io.log, 'the names of those that are there', read);
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

function openWorkload(app: ContainerApp, state: AppState, settings: ContainerAppsSettings): Workload {
  const changes = new OwnChanges(app);
  const isMultiple = state.mode === 'multiple';
  const splits = isMultiple && state.ingress !== null;
  return {
    resource: app.resource,
    capabilities: {
      weights: splits ? 'any' : 'none',
      preview: splits,
      remedy: splits ? null : remedyOf(app, isMultiple),
    },
    traffic: isMultiple ? openTrafficControl(app, changes, settings.keepPrevious) : null,
    consoleUrl: formatConsoleUrl(appPath(app)),
    readiness: () => readReadiness(app),
    capture: () => captureRestorePoint(app),
    plan: (change) => planChange(app, change),
    prepare: async (change) => changes.prepared(await prepareChange(app, change), change),
    deploy: (mark, point, { takeTraffic }) => deployRevision(app, changes.begin(mark, point), takeTraffic),
    findOperation: (mark, point) => findOurOperation(app, changes, { mark, point }),
    observe: (operation) => observeRevision(app, changes.get(operation.mark), operation),
    diagnose: (operation) => diagnoseRevision(app, changes.get(operation.mark)),
    restore: (point, mark, elapsedMs) => restoreApp(app, { point, mark, elapsedMs }),
    isLive: async (mark) => isLive(await readApp(app), mark),
    endpoint: async (url) => (url === null ? findEndpoint(state) : openEndpoint(url)),
    restoreCommand: (point) => formatRestoreCommand(app, point),
  };
}

function remedyOf({ name, resourceGroup }: ContainerApp, isMultiple: boolean): string {
  if (isMultiple) return 'Give the app an ingress (az containerapp ingress enable)';
  return `Set its revision mode to Multiple (az containerapp revision set-mode --name ${name} --resource-group ${resourceGroup} --mode multiple)`;
}

function isLive({ mode, ingress, traffic, latestRevision, latestReady }: AppState, mark: ChangeMark): boolean {
  const isLatest = isName(latestRevision, mark) && isName(latestReady, mark);
  if (mode === 'single' || !ingress) return isLatest;
  const now = readTraffic(traffic);
  return shareOf(now, mark, latestReady) === 100 && (isLatest || !followsLatest(now));
}

/** Single mode has no traffic to move: the old revision is copied, as a new one. */
function formatRestoreCommand({ name, resourceGroup, resource }: ContainerApp, point: RestorePoint): string {
  const at = `--name ${name} --resource-group ${resourceGroup}`;
  const { mode, base, ready } = parseRestoreData(point, { resource });
  if (mode === 'single') return `az containerapp revision copy ${at} --from-revision ${base}`;
  return `az containerapp revision activate ${at} --revision ${ready} && az containerapp ingress traffic set ${at} --revision-weight ${ready}=100`;
}
