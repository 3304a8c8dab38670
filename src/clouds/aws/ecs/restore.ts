import { type ServiceDeployment, StopServiceDeploymentCommand } from '@aws-sdk/client-ecs';
import { neverAborted } from '../../../io/signals.ts';
import { DeployError } from '../../../model/errors.ts';
import type { ChangeMark, Restoration, RestorePoint } from '../../../model/restore-point.ts';
import { joinSentences } from '../../../model/sentences.ts';
import { returning, waiting } from '../../restoration-answers.ts';
import { findAwsErrorName } from '../errors.ts';
import { callAws } from '../read-aws.ts';
import { decideRestoration, type RestorationFacts, type SeenDeployment } from './decide-restoration.ts';
import { type EcsDeployments, type KnownDeployment, openEcsDeployments } from './deployments.ts';
import { type EcsRestoreData, parseRestoreData } from './restore-data.ts';
import { describeService, type EcsService, isSteady, readLive, shortRevision, updateService } from './service.ts';

/** See `Workload.restore`. */
export type Restore = (point: RestorePoint, mark: ChangeMark, elapsedMs: number) => Promise<Restoration>;

export function openEcsRestore(opened: EcsService): Restore {
  // A cancel is often the reason for a rollback, so it must not end the rollback too.
  const ecs = { ...opened, signal: neverAborted };
  const deployments = openEcsDeployments(ecs);
  // Spares requests that would only repeat one of this process: a new process decides the same without it.
  const requested: Requested = { stop: false, update: false, isTooLateToStop: false };
  return async (point, mark, elapsedMs) => {
    const data = parseRestoreData(point, ecs);
    const found = await readFacts(ecs, deployments, { data, mark });
    const decision = decideRestoration({ ...found.facts, elapsedMs, requested: { ...requested } });
    switch (decision.act) {
      case 'none':
        return decision.answer;
      case 'update':
        return updateToPrevious(ecs, { previous: data.previous, force: decision.force, requested });
      case 'stop':
        return stopOurs(ecs, { arn: found.oursArn, previous: data.previous, requested });
    }
  };
}

interface Requested {
  stop: boolean;
  update: boolean;
  /** AWS answered once that there is nothing left to stop. */
  isTooLateToStop: boolean;
}

async function readFacts(
  ecs: EcsService,
  deployments: EcsDeployments,
  { data, mark }: { readonly data: EcsRestoreData; readonly mark: ChangeMark },
): Promise<{ readonly oursArn: string; readonly facts: Omit<RestorationFacts, 'elapsedMs' | 'requested'> }> {
  const listed = await deployments.listSince(data.newest);
  const ours = listed.find(({ taskDefinition }) => taskDefinition === mark) ?? null;
  const detail = ours && (await deployments.describe(ours.arn));
  // Read last: a deployment that begins between the two reads is seen by one of them.
  const service = await describeService(ecs);
  return {
    oursArn: ours?.arn ?? '',
    facts: {
      live: readLive(service),
      mark,
      previous: data.previous,
      liveAtCapture: data.live,
      steady: isSteady(service),
      ours: ours && detail && (await describeOurs(ours, detail, deployments)),
      deployments: listed.map(toSeen),
    },
  };
}

async function describeOurs(ours: KnownDeployment, detail: ServiceDeployment, deployments: EcsDeployments) {
  const { rollback } = detail;
  const target = rollback?.serviceRevisionArn;
  const reason = rollback?.reason || detail.statusReason || ours.statusReason;
  return {
    ...toSeen(ours),
    // The list may be older than the description.
    status: detail.status ?? ours.status,
    reason: reason ? `: ${reason}` : '',
    byPlatform: wasByPlatform(detail, reason),
    rolledBackTo: target ? await deployments.findTaskDefinition(target) : null,
  };
}

/** A rollback on request names none of these. */
function wasByPlatform({ alarms, deploymentCircuitBreaker }: ServiceDeployment, reason: string): boolean {
  if (deploymentCircuitBreaker?.status === 'TRIGGERED' || alarms?.status === 'TRIGGERED') return true;
  return /circuit breaker|alarm|lifecycle hook|invalid/i.test(reason);
}

function toSeen(listed: KnownDeployment): SeenDeployment {
  const { createdAt, status, statusReason, taskDefinition } = listed;
  const reason = statusReason ? `: ${statusReason}` : '';
  return { createdAt, status, reason, taskDefinition, revision: shortRevision(taskDefinition) };
}

async function updateToPrevious(
  ecs: EcsService,
  { previous, force, requested }: { readonly previous: string; readonly force: boolean; readonly requested: Requested },
): Promise<Restoration> {
  await updateService(ecs, previous, { force });
  requested.update = true;
  const message = `rollback requested: updated the service to ${shortRevision(previous)}`;
  return returning('RESTORING', message).answer;
}

async function stopOurs(
  ecs: EcsService,
  { arn, previous, requested }: { readonly arn: string; readonly previous: string; readonly requested: Requested },
): Promise<Restoration> {
  const command = new StopServiceDeploymentCommand({ serviceDeploymentArn: arn, stopType: 'ROLLBACK' });
  try {
    const call = { what: `stop the deployment of ${ecs.resource}`, action: 'ecs:StopServiceDeployment' };
    await callAws(call, () => ecs.client.send(command));
  } catch (error) {
    if (findAwsErrorName(error) === 'ConflictException' && !requested.isTooLateToStop) return endedMeanwhile(requested);
    if (!canUpdateInstead(error)) throw error;
    const instead = `updating the service to ${shortRevision(previous)} instead`;
    ecs.io.log.warning(joinSentences(`${error.message}; ${instead}`, error.hint));
    return updateToPrevious(ecs, { previous, force: false, requested });
  }
  requested.stop = true;
  const message = `rollback requested: stopping our deployment and restoring ${shortRevision(previous)}`;
  return returning('ROLLBACK_REQUESTED', message).answer;
}

/** The next poll shows how it ended. If it does not (a status that AWS added), an update is what is left. */
function endedMeanwhile(requested: Requested): Restoration {
  requested.isTooLateToStop = true;
  const message = 'our deployment ended before it could be stopped';
  return waiting('ENDED_MEANWHILE', message).answer;
}

/** Whatever else keeps AWS from stopping it: an update ends our deployment too. */
function canUpdateInstead(error: unknown): error is DeployError {
  return error instanceof DeployError && (error.code === 'PERMISSION_DENIED' || error.code === 'DEPLOY_REJECTED');
}
