import { ECSClient, type Service } from '@aws-sdk/client-ecs';
import type { Io } from '../../../io/io.ts';
import { DeployError } from '../../../model/errors.ts';
import { superseded } from '../../../model/superseded.ts';
import {
  type ChangeMark,
  type Operation,
  openEndpoint,
  type RestorePoint,
  type Workload,
} from '../../../model/workload.ts';
import type { OpenTarget } from '../../target.ts';
import { clientSettings } from '../client-settings.ts';
import { ecrKeychain } from '../registry/keychain.ts';
import { captureRestorePoint, parseRestoreData } from './capture.ts';
import { type ConsolePlace, formatConsoleUrl } from './console-url.ts';
import { type EcsDeployments, openEcsDeployments } from './deployments.ts';
import { openEcsObserve } from './observe.ts';
import { planChange, prepareChange } from './plan.ts';
import { readReadiness } from './readiness.ts';
import { openEcsRestore } from './restore.ts';
import { awaitService, describeService, type EcsService, shortRevision, updateService } from './service.ts';
import { leftNothing } from './service-deployment-status.ts';

/** Finds the service. @throws DeployError NOT_FOUND, UNSUPPORTED, AUTH_FAILED, PERMISSION_DENIED, NETWORK. */
export async function openEcs(place: ConsolePlace, io: Io): Promise<OpenTarget> {
  const { cluster, service, region } = place;
  const resource = `service ${service} in cluster ${cluster} (${region})`;
  const client = new ECSClient(clientSettings(region, io));
  const ecs: EcsService = { cluster, service, region, resource, client, io, warned: new Set() };
  refuseUnsupported(ecs, await awaitService(ecs));
  return { workload: openWorkload(ecs), keychain: ecrKeychain(io) };
}

function refuseUnsupported(ecs: EcsService, service: Service): void {
  const controller = service.deploymentController?.type ?? '';
  const refuse = (why: string, hint: string): never => {
    throw new DeployError('UNSUPPORTED', `could not deploy to ${ecs.resource}: ${why}`, { hint });
  };
  if (service.status === 'DRAINING')
    refuse('its status is DRAINING', 'It is being deleted: deploy to an ACTIVE service.');
  const otherwise = OTHER_CONTROLLERS.get(controller);
  if (otherwise) refuse(`its deployment controller is ${controller}`, otherwise);
  if (service.resourceManagementType === 'ECS') {
    refuse('ECS Express Mode manages it', 'Deploy it with aws-actions/amazon-ecs-deploy-express-service.');
  }
}

// Only those that are known not to work: a tool that accepted only what it knew broke when AWS added one
// (aws-actions/amazon-ecs-deploy-task-definition#384).
const OTHER_CONTROLLERS = new Map([
  [
    'CODE_DEPLOY',
    'Change the deployment controller to ECS: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/migrate-codedeploy-to-ecs-bluegreen.html',
  ],
  [
    'EXTERNAL',
    'Deploy it with the tool that manages its task sets, or change the deployment controller to ECS: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-external.html',
  ],
]);

function openWorkload(ecs: EcsService): Workload {
  const deployments = openEcsDeployments(ecs);
  return {
    resource: ecs.resource,
    capabilities: { weights: 'none', preview: false, remedy: null },
    traffic: null,
    consoleUrl: formatConsoleUrl(ecs),
    readiness: () => readReadiness(ecs, deployments),
    capture: () => captureRestorePoint(ecs, deployments),
    plan: (change) => planChange(ecs, deployments, change),
    prepare: (change) => prepareChange(ecs, change),
    deploy: (mark, point) => deploy(ecs, mark, point),
    findOperation: (mark, point) => findOperation(ecs, deployments, { mark, point }),
    observe: openEcsObserve(ecs, deployments),
    // What most runs need no answer of, and another SDK: loaded when it is asked for.
    async diagnose(operation) {
      const { diagnoseDeployment } = await import('./diagnose.ts');
      return diagnoseDeployment(ecs, deployments, operation);
    },
    restore: openEcsRestore(ecs),
    isLive: (mark) => isLive(ecs, deployments, mark),
    async endpoint(url) {
      if (url !== null) return openEndpoint(url);
      const { findEndpoint } = await import('./endpoint.ts');
      return findEndpoint(ecs, await describeService(ecs));
    },
    restoreCommand: (point) => formatRestoreCommand(ecs, point),
  };
}

async function deploy(ecs: EcsService, mark: ChangeMark, point: RestorePoint): Promise<void> {
  const { live } = parseRestoreData(point, ecs);
  const now = (await describeService(ecs)).taskDefinition ?? '';
  // ECS has no conditional update, so the last look is taken right before it.
  if (now !== live && now !== mark) {
    throw superseded(`could not deploy to ${ecs.resource}: ${shortRevision(now)} was deployed meanwhile`);
  }
  await updateService(ecs, mark);
}

async function findOperation(
  ecs: EcsService,
  deployments: EcsDeployments,
  { mark, point }: { readonly mark: ChangeMark; readonly point: RestorePoint },
): Promise<Operation | null> {
  const listed = await deployments.listSince(parseRestoreData(point, ecs).newest);
  const ours = listed.find(({ taskDefinition }) => taskDefinition === mark);
  if (!ours) return null;
  const usualMs = deployments.usualMs();
  const usual = usualMs === null ? {} : { usualMs };
  return { id: ours.arn, mark, goal: { kind: 'up' }, revision: shortRevision(mark), ...usual };
}

/** The list shows who came after us before the service does, or after it: both are asked. */
async function isLive(ecs: EcsService, deployments: EcsDeployments, mark: ChangeMark): Promise<boolean> {
  const [newest] = (await deployments.list()).filter(({ status }) => !leftNothing(status));
  const newestIsOurs = newest !== undefined && (await deployments.findTaskDefinition(newest.revisionArn)) === mark;
  const service = await describeService(ecs);
  const primary = service.deployments?.find(({ status }) => status === 'PRIMARY');
  return newestIsOurs && service.taskDefinition === mark && primary?.taskDefinition === mark;
}

function formatRestoreCommand(ecs: EcsService, point: RestorePoint): string {
  return [
    'aws ecs update-service',
    `--cluster ${ecs.cluster} --service ${ecs.service} --region ${ecs.region}`,
    `--task-definition ${point.data['before']}`,
  ].join(' ');
}
