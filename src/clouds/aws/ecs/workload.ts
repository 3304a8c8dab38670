import { ECSClient, type Service } from '@aws-sdk/client-ecs';
import type { CancellableIo } from '../../../io/io.ts';
import { openEndpoint } from '../../../model/endpoint.ts';
import { DeployError } from '../../../model/errors.ts';
import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import type { Workload } from '../../../model/workload.ts';
import { clientSettings } from '../client-settings.ts';
import { captureRestorePoint } from './capture.ts';
import { prepareChange } from './deploy.ts';
import { openEcsDeployments } from './deployments.ts';
import { type EcsOperation, findOperation } from './find-operation.ts';
import { openEnding } from './finish.ts';
import { openMarkerControl } from './marker-control.ts';
import { watchDeployment } from './observe.ts';
import { planChange } from './plan.ts';
import { readReadiness } from './readiness.ts';
import { openEcsRestore } from './restore.ts';
import { previousTaskDefinition } from './restore-data.ts';
import { readRollbackTarget } from './rollback-target.ts';
import { awaitService, describeService, type EcsService } from './service.ts';

/** Where a service is. */
export interface EcsPlace {
  readonly region: string;
  readonly cluster: string;
  readonly service: string;
  /** A service without tasks may be deployed to (`allow-empty`); absent: it may not. */
  readonly allowsEmpty?: boolean;
}

/** Finds the service. @throws DeployError NOT_FOUND, UNSUPPORTED, AUTH_FAILED, PERMISSION_DENIED, NETWORK. */
export async function openEcs(place: EcsPlace, { io, signal }: CancellableIo): Promise<Workload> {
  const { cluster, service, region, allowsEmpty = false } = place;
  const resource = `service ${service} in cluster ${cluster} (${region})`;
  const client = new ECSClient(clientSettings(region, io));
  const ecs: EcsService = {
    cluster,
    service,
    region,
    arn: '',
    resource,
    client,
    io,
    signal,
    warned: new Set(),
    unanswered: { at: null },
    allowsEmpty,
  };
  const found = await awaitService(ecs);
  refuseUnsupported(ecs, found);
  return openWorkload({ ...ecs, arn: found.serviceArn ?? '' });
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
  const ending = openEnding(ecs, deployments);
  const prepared = new Set<ChangeMark>();
  return {
    resource: ecs.resource,
    capabilities: { traffic: null, preview: false, changes: ['edit'], remedy: null },
    consoleUrl: formatConsoleUrl(ecs),
    logs: { url: formatConsoleUrl(ecs, 'logs'), command: null },
    fencesLateCalls: false,
    readiness: () => readReadiness(ecs, deployments),
    capture: () => captureRestorePoint(ecs, deployments),
    rollbackTarget: (point) => readRollbackTarget(ecs, point),
    plan: (change) => planChange(ecs, deployments, change),
    async prepare(change) {
      const made = await prepareChange(ecs, deployments, change);
      prepared.add(made.mark);
      return made;
    },
    findOperation: (mark, point) => findOperation(ecs, deployments, { mark, point }),
    watch: (operation: EcsOperation) => watchDeployment(ecs, deployments, operation),
    traffic: null,
    marker: openMarkerControl(ecs),
    finish: ending.finish,
    preview: async () => [],
    // Few runs need it, and it needs another SDK: loaded when it is called.
    async diagnose(operation) {
      const { diagnoseDeployment } = await import('./diagnose.ts');
      return diagnoseDeployment(ecs, deployments, operation);
    },
    restore: openEcsRestore(ecs, (mark) => prepared.has(mark)),
    nothingRuns: async () => ecs.allowsEmpty && (await describeService(ecs)).desiredCount === 0,
    isLive: ending.isLive,
    async endpoint(url) {
      if (url !== null) return openEndpoint(url);
      const { findEndpoint } = await import('./endpoint.ts');
      return findEndpoint(ecs, await describeService(ecs));
    },
    restoreCommand: (point) => formatRestoreCommand(ecs, point),
  };
}

/**
 * Where a person sees the service in the AWS console: its deployments, or the logs of its containers in CloudWatch.
 *
 * `deployments`: as AWS's own action links it, https://github.com/aws-actions/amazon-ecs-deploy-task-definition/blob/v2.6.3/index.js#L244.
 * `logs`: https://github.com/preset-io/superset-showtime/blob/785b2b3/showtime/core/github_messages.py#L85.
 */
export function formatConsoleUrl(
  { region, cluster, service }: EcsPlace,
  tab: 'deployments' | 'logs' = 'deployments',
): string {
  const path = `ecs/v2/clusters/${encodeURIComponent(cluster)}/services/${encodeURIComponent(service)}/${tab}`;
  return `https://${consoleHost(region)}/${path}?region=${region}`;
}

/** Of each partition: https://github.com/fwdcloudsec/granted/pull/939, for the European Sovereign Cloud. */
const CONSOLES: readonly (readonly [region: string, domain: string])[] = [
  ['cn-', 'console.amazonaws.cn'],
  ['us-gov-', 'console.amazonaws-us-gov.com'],
  ['eusc-', 'console.amazonaws-eusc.eu'],
];

function consoleHost(region: string): string {
  return `${region}.${CONSOLES.find(([start]) => region.startsWith(start))?.[1] ?? 'console.aws.amazon.com'}`;
}

function formatRestoreCommand(ecs: EcsService, point: RestorePoint): string {
  return [
    'aws ecs update-service',
    `--cluster ${ecs.cluster} --service ${ecs.service} --region ${ecs.region}`,
    `--task-definition ${previousTaskDefinition(point)}`,
  ].join(' ');
}
