import type { Io } from '../../../io/io.ts';
import { readIfPossible } from '../../../io/read-optional.ts';
import { DeployError } from '../../../model/errors.ts';
import type { JsonObject } from '../../../model/json.ts';
import { nearest } from '../../../model/nearest.ts';
import type { Capabilities, Operation, RestorePoint, TrafficControl, Workload } from '../../../model/workload.ts';
import type { OpenTarget } from '../../target.ts';
import { type CredentialSettings, openCredentials } from '../credentials.ts';
import { type FindIdentityToken, openIdentityTokens } from '../identity-tokens.ts';
import { artifactRegistryKeychain } from '../registry/keychain.ts';
import { captureRestorePoint } from './capture.ts';
import { openRollout, type RunRollout } from './deploy.ts';
import { diagnoseRollout } from './diagnose.ts';
import { liveEndpoint, previewEndpoint, warnOfAccess } from './endpoint.ts';
import { planChange } from './plan.ts';
import { readReadiness } from './readiness.ts';
import { openRunRestore } from './restore.ts';
import { parseRestoreData } from './restore-data.ts';
import { fitsTag } from './revision-name.ts';
import type { RunPlace, RunService } from './service.ts';
import { latestReady, progressOf, servesAlone, templateRevision } from './service-document.ts';
import { readService } from './service-wire.ts';
import { listServices } from './typed-calls.ts';

export type CloudRunSettings = RunPlace & CredentialSettings;

/** Finds the service. @throws DeployError NOT_FOUND, UNSUPPORTED, AUTH_FAILED, PERMISSION_DENIED, NETWORK. */
export async function openCloudRun(settings: CloudRunSettings, io: Io): Promise<OpenTarget> {
  const { project, region, service: name } = settings;
  const resource = `service ${name} in ${region} (project ${project})`;
  const credentials = await openCredentials(settings, io);
  const run: RunService = { project, region, service: name, resource, credentials, io, said: new Set() };
  const service = await findService(run);
  warnOfAccess(run, service);
  return { workload: openWorkload(run, service), keychain: artifactRegistryKeychain(credentials, io) };
}

function openWorkload(run: RunService, service: JsonObject): Workload {
  const rollout = openRollout(run);
  const findToken = openIdentityTokens(run);
  return {
    resource: run.resource,
    capabilities: readCapabilities(run, service),
    traffic: openTraffic(run, rollout, findToken),
    consoleUrl: `https://console.cloud.google.com/run/detail/${run.region}/${run.service}/revisions?project=${run.project}`,
    readiness: () => readReadiness(run),
    capture: () => captureRestorePoint(run),
    plan: (change) => planChange(run, change),
    prepare: (change) => rollout.prepare(change),
    deploy: (mark, point, { takeTraffic }) => rollout.deploy(mark, point, takeTraffic),
    findOperation: (mark, point) => rollout.findOperation(mark, point),
    observe: (operation) => rollout.observe(operation),
    diagnose: (operation) => diagnoseRollout(run, operation),
    restore: openRunRestore(run),
    isLive: (mark) => isLive(run, mark),
    endpoint: async (url) => liveEndpoint(await readService(run), url, findToken),
    restoreCommand: (point) => formatRestoreCommand(run, point),
  };
}

function openTraffic(run: RunService, rollout: RunRollout, findToken: FindIdentityToken): TrafficControl {
  return {
    setWeight: (operation, percent, point) => rollout.setWeight(operation, percent, point),
    finish: (operation, point) => rollout.finish(operation, point),
    async preview(operation: Operation) {
      const tag = rollout.tag(operation);
      return tag === null ? null : previewEndpoint(await readService(run), tag, findToken);
    },
  };
}

/** Before anything is copied or sent: what a strategy needs and this service can't do. */
function readCapabilities(run: RunService, service: JsonObject): Capabilities {
  const hasAddress = service['defaultUriDisabled'] !== true;
  const remedies = [
    ...(hasAddress ? [] : ['Enable its default URL (gcloud run services update --default-url)']),
    ...(fitsTag(run.service)
      ? []
      : ['Use a service whose name has at most 42 characters, as 46 is the most for name and traffic tag together']),
  ];
  return { weights: 'any', preview: remedies.length === 0, remedy: remedies[0] ?? null };
}

async function findService(run: RunService): Promise<JsonObject> {
  try {
    return await readService(run);
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== 'NOT_FOUND') throw error;
    throw await withNearest(run, error);
  }
}

/** What is there instead, if that may be listed. */
async function withNearest(run: RunService, error: DeployError): Promise<DeployError> {
  const names = (await readIfPossible(run.io.log, 'the names of those that are there', () => listServices(run))) ?? [];
  const likely = nearest(run.service, names);
  const there = names.length === 0 ? '' : ` There: ${names.slice(0, 10).join(', ')}.`;
  const hint = likely ? `Did you mean \`${likely}\`?${there}` : `${error.hint ?? ''}${there}`;
  return new DeployError('NOT_FOUND', `could not find ${run.resource}: Google knows no such service`, {
    hint,
    cause: error,
  });
}

async function isLive(run: RunService, mark: string): Promise<boolean> {
  const service = await readService(run);
  const { reconciling } = progressOf(service);
  const isNewest = templateRevision(service) === mark && latestReady(service) === mark;
  return !reconciling && isNewest && servesAlone(service, mark);
}

function formatRestoreCommand(run: RunService, point: RestorePoint): string {
  const { serves } = parseRestoreData(point, run);
  const shares = serves.filter(({ percent }) => percent > 0).map(({ revision, percent }) => `${revision}=${percent}`);
  const place = `--region ${run.region} --project ${run.project}`;
  return `gcloud run services update-traffic ${run.service} ${place} --to-revisions ${shares.join(',')}`;
}
