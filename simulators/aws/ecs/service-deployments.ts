import type { JsonObject } from '../../json.ts';
import { AwsError } from '../aws-error.ts';
import { compact, readNumber, readObject, readString, readStrings, toTimestamp } from '../json.ts';
import type { AwsWorld } from '../world.ts';
import { hasEnded } from './deployment-end.ts';
import { runningCount } from './deployment-start.ts';
import { readService } from './find.ts';
import { pageOf } from './page.ts';
import { requestRollback } from './rollout.ts';
import { breakerThreshold } from './scheduler.ts';
import { loadBalancersOf, pendingCount, wantedCount } from './service-view.ts';
import type { Service, ServiceDeployment, ServiceRevision } from './state.ts';

const LOOKS_BACK_MS = 90 * 24 * 3_600_000;

/** Newest first; a new one is listed only after a while. */
export function listServiceDeployments(world: AwsWorld, body: JsonObject): JsonObject {
  const service = readService(world, body);
  const statuses = readStrings(body, 'status');
  const created = readObject(body, 'createdAt') ?? {};
  const after = (readNumber(created, 'after') ?? 0) * 1_000;
  const before = (readNumber(created, 'before') ?? Number.POSITIVE_INFINITY) * 1_000;
  const { now } = world.queue;
  const matches = service.records
    .filter(({ createdAt }) => createdAt + service.staging.listingLagMs <= now && createdAt >= now - LOOKS_BACK_MS)
    .filter(({ createdAt }) => createdAt >= after && createdAt <= before)
    .filter(({ status }) => statuses.length === 0 || statuses.includes(status))
    .reverse();
  const page = pageOf(matches, body, 20);
  return { serviceDeployments: page.items.map((record) => viewBrief(service, record)), ...page.rest };
}

export function describeServiceDeployments(world: AwsWorld, body: JsonObject): JsonObject {
  return describeByArn(body, 'serviceDeployment', (arn) => {
    const found = findRecord(world, arn);
    return found && viewRecord(found.service, found.record);
  });
}

export function describeServiceRevisions(world: AwsWorld, body: JsonObject): JsonObject {
  return describeByArn(body, 'serviceRevision', (arn) => {
    const service = world.services.find(({ revisions }) => revisions.some((revision) => revision.arn === arn));
    const revision = service?.revisions.find((candidate) => candidate.arn === arn);
    return service && revision ? viewRevision(service, revision) : null;
  });
}

/** https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html */
export function stopServiceDeployment(world: AwsWorld, body: JsonObject): JsonObject {
  const arn = readString(body, 'serviceDeploymentArn') ?? '';
  const found = findRecord(world, arn);
  if (!found) throw new AwsError('ServiceDeploymentNotFoundException', 'Service deployment not found.');
  if ((readString(body, 'stopType') ?? 'ROLLBACK') !== 'ROLLBACK') {
    throw new AwsError('InvalidParameterException', 'The stop type is not valid. Valid value: ROLLBACK.');
  }
  if (hasEnded(found.record)) {
    throw new AwsError(
      'ConflictException',
      `The service deployment can't be stopped because it is ${found.record.status}.`,
    );
  }
  requestRollback(world, found.service, found.record);
  return { serviceDeploymentArn: arn };
}

function findRecord(world: AwsWorld, arn: string): { service: Service; record: ServiceDeployment } | null {
  for (const service of world.services) {
    const record = service.records.find((candidate) => candidate.arn === arn);
    if (record) return { service, record };
  }
  return null;
}

function describeByArn(body: JsonObject, noun: string, view: (arn: string) => JsonObject | null): JsonObject {
  const arns = readStrings(body, `${noun}Arns`);
  if (arns.length === 0 || arns.length > 20) {
    throw new AwsError('InvalidParameterException', `${noun}Arns must have between 1 and 20 elements.`);
  }
  const found = arns.map((arn) => ({ arn, item: view(arn) }));
  return {
    [`${noun}s`]: found.flatMap(({ item }) => (item ? [item] : [])),
    failures: found.filter(({ item }) => !item).map(({ arn }) => ({ arn, reason: 'MISSING' })),
  };
}

function viewBrief(service: Service, record: ServiceDeployment): JsonObject {
  return compact({
    serviceDeploymentArn: record.arn,
    serviceArn: service.arn,
    clusterArn: service.clusterArn,
    startedAt: toTimestamp(record.startedAt),
    createdAt: toTimestamp(record.createdAt),
    finishedAt: toTimestamp(record.finishedAt),
    targetServiceRevisionArn: record.target.arn,
    status: record.status,
    statusReason: record.statusReason,
  });
}

function viewRecord(service: Service, record: ServiceDeployment): JsonObject {
  const { targetServiceRevisionArn: _, ...brief } = viewBrief(service, record);
  const { rollback } = record;
  return compact({
    ...brief,
    stoppedAt: toTimestamp(record.stoppedAt),
    updatedAt: toTimestamp(record.updatedAt),
    sourceServiceRevisions: record.sources.map(({ revision, taskCount }) => ({
      arn: revision.arn,
      requestedTaskCount: taskCount,
      runningTaskCount: runningCount(service, revision),
      pendingTaskCount: pendingCount(service, revision),
    })),
    targetServiceRevision: {
      arn: record.target.arn,
      requestedTaskCount: wantedCount(service, record.target),
      runningTaskCount: runningCount(service, record.target),
      pendingTaskCount: pendingCount(service, record.target),
    },
    deploymentConfiguration: service.deploymentConfiguration,
    rollback: rollback && {
      reason: rollback.reason,
      startedAt: toTimestamp(rollback.startedAt),
      serviceRevisionArn: rollback.revision.arn,
    },
    deploymentCircuitBreaker: viewBreaker(service, record),
  });
}

function viewBreaker(service: Service, record: ServiceDeployment): JsonObject {
  const enabled = readObject(service.deploymentConfiguration, 'deploymentCircuitBreaker')?.['enable'] === true;
  const watching = hasEnded(record) ? 'MONITORING_COMPLETE' : 'MONITORING';
  return {
    status: record.breakerTriggered ? 'TRIGGERED' : enabled ? watching : 'DISABLED',
    failureCount: record.failureCount,
    threshold: breakerThreshold(service),
  };
}

function viewRevision(service: Service, revision: ServiceRevision): JsonObject {
  const containers = (revision.taskDefinition.document['containerDefinitions'] ?? []) as readonly JsonObject[];
  return compact({
    serviceRevisionArn: revision.arn,
    serviceArn: service.arn,
    clusterArn: service.clusterArn,
    taskDefinition: revision.taskDefinition.arn,
    launchType: 'FARGATE',
    platformVersion: '1.4.0',
    platformFamily: 'Linux',
    loadBalancers: loadBalancersOf(service),
    networkConfiguration: service.extras['networkConfiguration'],
    containerImages: containers.map(({ name, image }) =>
      compact({ containerName: name, imageDigest: revision.digests.get(String(name)), image }),
    ),
    guardDutyEnabled: false,
    createdAt: toTimestamp(revision.createdAt),
  });
}
