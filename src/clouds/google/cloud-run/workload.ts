import { readIfPossible } from '../../../io/read-optional.ts';
import type { Endpoint } from '../../../model/endpoint.ts';
import { DeployError } from '../../../model/errors.ts';
import type { JsonObject } from '../../../model/json.ts';
import { nearest } from '../../../model/nearest.ts';
import type { RestorePoint } from '../../../model/restore-point.ts';
import type { Capabilities, Workload } from '../../../model/workload.ts';
import { isOutside, previewAddress, REACH_PREVIEW } from '../../preview-address.ts';
import type { CloudContext } from '../../target.ts';
import { type CredentialSettings, noCredentials } from '../credentials.ts';
import { shareCredentials } from '../login.ts';
import { captureRestorePoint, readRollbackTarget } from './capture.ts';
import { prepareChange, type RunOperation } from './deploy.ts';
import { diagnoseRollout } from './diagnose.ts';
import { isPublic, liveEndpoint, previewEndpoint, warnOfAccess } from './endpoint.ts';
import { findOperation, isLive } from './find-operation.ts';
import { type FindIdentityToken, openIdentityTokens } from './identity-tokens.ts';
import { openMarkerControl } from './marker-control.ts';
import { watchRollout } from './observe.ts';
import { planChange } from './plan.ts';
import { readReadiness } from './readiness.ts';
import { openRunRestore } from './restore.ts';
import { previousShares } from './restore-data.ts';
import { fitsTag } from './revision-name.ts';
import { ensureRuns, isScaledToNothing } from './scaled-to-nothing.ts';
import type { RunPlace, RunService } from './service.ts';
import { readService } from './service-wire.ts';
import { finishTraffic, setWeight } from './traffic.ts';
import { listServices } from './typed-calls.ts';

export interface CloudRunSettings extends RunPlace {
  readonly login: CredentialSettings;
  /** See `readPreviewUrl`. */
  readonly previewUrl: string | null;
  /** A service that is scaled to 0 instances by hand may be deployed to (`allow-empty`). */
  readonly allowsEmpty: boolean;
}

/** Finds the service. @throws DeployError NOT_FOUND, UNSUPPORTED, AUTH_FAILED, PERMISSION_DENIED, NETWORK. */
export async function openCloudRun(settings: CloudRunSettings, context: CloudContext): Promise<Workload> {
  const { io, signal } = context;
  const { project, region, service: name, login } = settings;
  const resource = `service ${name} in ${region} (project ${project})`;
  const credentials = await shareCredentials(login, context);
  if (!credentials) throw noCredentials(io);
  const place = { project, region, service: name };
  const run: RunService = {
    ...place,
    resource,
    credentials,
    io,
    signal,
    said: new Set(),
    last: { operation: '', generation: null },
    captured: new Map(),
    made: new Map(),
    done: new Map(),
  };
  const service = await findService(run);
  ensureRuns(run, service, settings);
  warnOfAccess(run, service);
  return openWorkload(run, service, settings);
}

function openWorkload(run: RunService, service: JsonObject, settings: CloudRunSettings): Workload {
  const { previewUrl, allowsEmpty } = settings;
  const findToken = openIdentityTokens(run);
  return {
    resource: run.resource,
    capabilities: readCapabilities(run, service, previewUrl),
    consoleUrl: formatConsoleUrl(run),
    logs: { url: formatLogsUrl(run), command: null },
    fencesLateCalls: true,
    readiness: () => readReadiness(run),
    capture: () => captureRestorePoint(run),
    rollbackTarget: async (point) => readRollbackTarget(run, point),
    plan: (change) => planChange(run, change),
    prepare: (change) => prepareChange(run, change),
    findOperation: (mark, point) => findOperation(run, { mark, point }),
    watch: (operation: RunOperation) => watchRollout(run, operation),
    traffic: {
      by: 'us',
      setWeight: (operation: RunOperation, request) => setWeight(run, operation, request),
    },
    marker: openMarkerControl(run),
    finish: (operation: RunOperation, point) => finishTraffic(run, operation, point),
    preview: (operation: RunOperation) => preview(run, operation, { findToken, previewUrl }),
    diagnose: (operation) => diagnoseRollout(run, operation),
    restore: openRunRestore(run),
    nothingRuns: async () => allowsEmpty && isScaledToNothing(await readService(run)),
    isLive: (mark) => isLive(run, mark),
    endpoint: async (url) => liveEndpoint(await readService(run), url, findToken),
    restoreCommand: (point) => formatRestoreCommand(run, point),
  };
}

/** The revisions of the service, at the path of https://github.com/datacommonsorg/website/blob/9b48f34/scripts/deploy_cdc_services_stable.sh#L25. */
function formatConsoleUrl({ project, region, service }: RunService): string {
  return `https://console.cloud.google.com/run/detail/${region}/${service}/revisions?project=${project}`;
}

/** The Logs Explorer with the entries of all revisions, as https://github.com/AI-Hypercomputer/xpk/blob/367c838/src/xpk/core/pathways.py#L114 links it. */
function formatLogsUrl({ project, region, service }: RunService): string {
  const query = [
    'resource.type="cloud_run_revision"',
    `resource.labels.service_name="${service}"`,
    `resource.labels.location="${region}"`,
  ].join('\n');
  return `https://console.cloud.google.com/logs/query;query=${encodeURIComponent(query)}?project=${project}`;
}

async function preview(
  run: RunService,
  { ours }: RunOperation,
  { findToken, previewUrl }: { readonly findToken: FindIdentityToken; readonly previewUrl: string | null },
): Promise<readonly Endpoint[]> {
  const service = await readService(run);
  const endpoint =
    previewUrl === null
      ? previewEndpoint(service, ours.tag, findToken)
      : liveEndpoint(service, previewAddress(previewUrl, ours.tag), findToken);
  return endpoint ? [endpoint] : [];
}

/** Before anything is copied or sent: what a strategy needs and this service can't do. */
function readCapabilities(run: RunService, service: JsonObject, previewUrl: string | null): Capabilities {
  const hasAddress = previewUrl !== null || service['defaultUriDisabled'] !== true;
  const isReachable = previewUrl !== null || !isOutside(run.io) || isPublic(service);
  const remedies = [
    ...(hasAddress ? [] : ['Enable its default URL (gcloud run services update --default-url)']),
    ...(isReachable ? [] : [REACH_PREVIEW]),
    ...(fitsTag(run.service)
      ? []
      : ['Use a service whose name has at most 42 characters, as 46 is the most for name and traffic tag together']),
  ];
  return {
    traffic: { by: 'us', weights: 'any' },
    preview: remedies.length === 0,
    changes: ['edit'],
    remedy: remedies[0] ?? null,
  };
}

async function findService(run: RunService): Promise<JsonObject> {
  try {
    return await readService(run);
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== 'NOT_FOUND') throw error;
    throw await withNearest(run, error);
  }
}

/** Names the services that exist, if they may be listed. */
async function withNearest(run: RunService, error: DeployError): Promise<DeployError> {
  const found = (await readIfPossible(run.io.log, 'the names of the services', () => listServices(run))) ?? [];
  // The name that was given is no suggestion, whoever made it since.
  const names = found.filter((name) => name !== run.service);
  const likely = nearest(run.service, names);
  const available = names.length === 0 ? '' : ` Available services: ${names.slice(0, 10).join(', ')}.`;
  const hint = likely ? `Did you mean \`${likely}\`?${available}` : `${error.hint ?? ''}${available}`;
  return new DeployError('NOT_FOUND', `could not find ${run.resource}: service not found`, {
    hint,
    cause: error,
  });
}

function formatRestoreCommand(run: RunService, point: RestorePoint): string {
  const shares = previousShares(point).map(({ revision, percent }) => `${revision}=${percent}`);
  const place = `--region ${run.region} --project ${run.project}`;
  if (shares.length === 0) return `gcloud run revisions list --service ${run.service} ${place}`;
  return `gcloud run services update-traffic ${run.service} ${place} --to-revisions ${shares.join(',')}`;
}
