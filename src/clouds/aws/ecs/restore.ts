import { type Service, StopServiceDeploymentCommand } from '@aws-sdk/client-ecs';
import { neverAborted } from '../../../io/signals.ts';
import { DeployError } from '../../../model/errors.ts';
import type { ChangeMark, Restoration, RestorePoint } from '../../../model/restore-point.ts';
import { joinSentences } from '../../../model/sentences.ts';
import { outstandingMs } from '../../../model/unanswered.ts';
import { waitingForLateCall } from '../../late-call.ts';
import { returning, waiting } from '../../restoration-answers.ts';
import { findAwsErrorName } from '../errors.ts';
import { callAws } from '../read-aws.ts';
import { decideByService } from './decide-by-service.ts';
import { type Decision, decideRestoration } from './decide-restoration.ts';
import { openEcsDeployments } from './deployments.ts';
import { markRestoring, removeMarker } from './marker-control.ts';
import { type EcsRestoreData, parseRestoreData } from './restore-data.ts';
import { type Read, readRestoration } from './restore-facts.ts';
import { findMarkers, findOwn } from './rollout-tags.ts';
import { type EcsService, readLive, shortRevision, updateService } from './service.ts';
import { watchPrevious } from './watch-previous.ts';

/** See `Workload.restore`. */
export type Restore = (point: RestorePoint, mark: ChangeMark, elapsedMs: number) => Promise<Restoration>;

/** `sentHere`: this process sends the change, so it knows of every request to restore what was there before. */
export function openEcsRestore(opened: EcsService, sentHere: (mark: ChangeMark) => boolean): Restore {
  // A cancel is often the reason for a rollback, so it must not end the rollback too.
  const ecs = { ...opened, signal: neverAborted };
  const deployments = openEcsDeployments(ecs);
  // Spares requests that would only repeat one of this process: a new process decides the same without it.
  const requested: Requested = { stop: false, update: false, mayUpdate: false, isTooLateToStop: false };
  return async (point, mark, elapsedMs) => {
    const data = parseRestoreData(point, ecs);
    const found = await readRestoration(ecs, deployments, { data, mark });
    const restoring: Restoring = { ecs, point, mark, data, requested, elapsedMs, sentHere: sentHere(mark) };
    const decision = decide(restoring, found);
    switch (decision.act) {
      case 'none':
        return await settle(restoring, found, decision.answer);
      case 'update':
        return await updateToPrevious(restoring, decision.force);
      case 'stop':
        return await stopOurs(restoring, found.oursArn);
    }
  };
}

interface Requested {
  stop: boolean;
  update: boolean;
  /** An update was sent, whether or not it was answered. */
  mayUpdate: boolean;
  /** AWS answered once that there is nothing left to stop. */
  isTooLateToStop: boolean;
}

interface Restoring {
  readonly ecs: EcsService;
  readonly point: RestorePoint;
  readonly mark: ChangeMark;
  readonly data: EcsRestoreData;
  readonly requested: Requested;
  readonly elapsedMs: number;
  readonly sentHere: boolean;
}

/** @throws DeployError what could not be read, where nothing can be decided without it */
function decide(restoring: Restoring, { facts, service, failure }: Read): Decision {
  const { data, mark, elapsedMs } = restoring;
  const requested = { ...restoring.requested };
  if (facts)
    return decideRestoration({ ...facts, elapsedMs, requested, isRollbackOurs: isRollbackOurs(restoring, service) });
  const live = service && readLive(service);
  const decision =
    live &&
    decideByService({ live, mark, previous: data.previous, liveAtCapture: data.live, isUpdated: requested.update });
  if (!decision) throw failure;
  return decision;
}

/** Without a marker it is taken for ours, as most are. */
function isRollbackOurs({ ecs, point, requested, sentHere }: Restoring, service: Service | null): boolean {
  if (requested.mayUpdate || sentHere) return requested.mayUpdate;
  return (service && findOwn(findMarkers(service, ecs.resource), point.run))?.phase !== 'rolling-out';
}

/** The marker is removed last. */
async function settle(restoring: Restoring, found: Read, answer: Restoration): Promise<Restoration> {
  const { ecs, point, data, elapsedMs } = restoring;
  const { service, restoringSince: since } = found;
  if (answer.status === 'progressing') {
    const desired = service?.desiredCount ?? 1;
    return await watchPrevious(ecs, answer, { previous: data.previous, since, elapsedMs, desired });
  }
  if (answer.status === 'failed') return answer;
  const lateMs = outstandingMs(ecs.unanswered, ecs.io.clock);
  if (lateMs > 0) return waitingForLateCall(lateMs).answer;
  if (!service) throw found.failure;
  await removeMarker(ecs, service, point);
  return answer;
}

async function updateToPrevious(
  { ecs, point, mark, data, requested }: Restoring,
  force: boolean,
): Promise<Restoration> {
  const { previous } = data;
  await markRestoring(ecs, point, mark);
  requested.mayUpdate = true;
  await updateService(ecs, previous, { force });
  requested.update = true;
  const message = `rollback requested: updated the service to ${shortRevision(previous)}`;
  return returning('RESTORING', message).answer;
}

async function stopOurs(restoring: Restoring, arn: string): Promise<Restoration> {
  const { ecs, data, requested } = restoring;
  const previous = shortRevision(data.previous);
  const command = new StopServiceDeploymentCommand({ serviceDeploymentArn: arn, stopType: 'ROLLBACK' });
  try {
    const call = { what: `stop the deployment of ${ecs.resource}`, action: 'ecs:StopServiceDeployment' };
    await callAws(call, () => ecs.client.send(command));
  } catch (error) {
    if (findAwsErrorName(error) === 'ConflictException' && !requested.isTooLateToStop) return endedMeanwhile(requested);
    if (!canUpdateInstead(error)) throw error;
    ecs.io.log.warning(joinSentences(`${error.message}; updating the service to ${previous} instead`, error.hint));
    return updateToPrevious(restoring, false);
  }
  requested.stop = true;
  const message = `rollback requested: stopping our deployment and restoring ${previous}`;
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
