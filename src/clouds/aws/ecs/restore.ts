import { type ServiceDeployment, StopServiceDeploymentCommand } from '@aws-sdk/client-ecs';
import { neverCancelled } from '../../../io/io.ts';
import { DeployError } from '../../../model/errors.ts';
import type { ChangeMark, Restoration, RestorePoint } from '../../../model/workload.ts';
import { returning, waiting } from '../../restoration-answers.ts';
import { explainErrors, findAwsErrorName } from '../errors.ts';
import { type EcsRestoreData, parseRestoreData, readLive } from './capture.ts';
import { decideRestoration, type RestorationFacts, type SeenDeployment } from './decide-restoration.ts';
import { type EcsDeployments, type KnownDeployment, openEcsDeployments } from './deployments.ts';
import { describeService, type EcsService, isSteady, shortRevision, updateService } from './service.ts';

/** See `Workload.restore`: one look and at most one change. */
export type Restore = (point: RestorePoint, mark: ChangeMark, elapsedMs: number) => Promise<Restoration>;

export function openEcsRestore(opened: EcsService): Restore {
  // A cancel is often why something has to be put back, so it must not end the way back too.
  const ecs = { ...opened, io: neverCancelled(opened.io) };
  const deployments = openEcsDeployments(ecs);
  const asked = { stop: false, putBack: false, stopInVain: false };
  return async (point, mark, elapsedMs) => {
    const data = parseRestoreData(point, ecs);
    const looked = await look(ecs, deployments, { data, mark });
    const decision = decideRestoration({ ...looked.facts, elapsedMs, asked: { ...asked } });
    switch (decision.act) {
      case 'none':
        return decision.answer;
      case 'put-back':
        return putBack(ecs, { before: data.before, force: decision.force, asked });
      case 'stop':
        return stopOurs(ecs, { arn: looked.mineArn, before: data.before, asked });
    }
  };
}

interface Asked {
  stop: boolean;
  putBack: boolean;
  /** AWS said once that there is nothing left to stop. */
  stopInVain: boolean;
}

async function look(
  ecs: EcsService,
  deployments: EcsDeployments,
  { data, mark }: { readonly data: EcsRestoreData; readonly mark: ChangeMark },
): Promise<{ readonly mineArn: string; readonly facts: Omit<RestorationFacts, 'elapsedMs' | 'asked'> }> {
  const listed = await deployments.listSince(data.newest);
  const mine = listed.find(({ taskDefinition }) => taskDefinition === mark) ?? null;
  const detail = mine && (await deployments.describe(mine.arn));
  // Read last: a deployment that begins between the two reads is seen by one of them.
  const service = await describeService(ecs);
  return {
    mineArn: mine?.arn ?? '',
    facts: {
      live: readLive(service),
      mark,
      before: data.before,
      liveThen: data.live,
      steady: isSteady(service),
      mine: mine && detail && (await describeMine(mine, detail, deployments)),
      deployments: listed.map(toSeen),
    },
  };
}

async function describeMine(mine: KnownDeployment, detail: ServiceDeployment, deployments: EcsDeployments) {
  const { rollback } = detail;
  const target = rollback?.serviceRevisionArn;
  const reason = rollback?.reason || detail.statusReason || mine.statusReason;
  return {
    ...toSeen(mine),
    // The list may be older than the description.
    status: detail.status ?? mine.status,
    reason: reason ? `: ${reason}` : '',
    byPlatform: wasPlatform(detail, reason),
    rolledBackTo: target ? await deployments.findTaskDefinition(target) : null,
  };
}

/** A rollback that was asked for names none of these. */
function wasPlatform({ alarms, deploymentCircuitBreaker }: ServiceDeployment, reason: string): boolean {
  if (deploymentCircuitBreaker?.status === 'TRIGGERED' || alarms?.status === 'TRIGGERED') return true;
  return /circuit breaker|alarm|lifecycle hook|invalid/i.test(reason);
}

function toSeen(listed: KnownDeployment): SeenDeployment {
  const { createdAt, status, statusReason, taskDefinition } = listed;
  const reason = statusReason ? `: ${statusReason}` : '';
  return { createdAt, status, reason, taskDefinition, revision: shortRevision(taskDefinition) };
}

async function putBack(
  ecs: EcsService,
  { before, force, asked }: { readonly before: string; readonly force: boolean; readonly asked: Asked },
): Promise<Restoration> {
  await updateService(ecs, before, { force });
  asked.putBack = true;
  const message = `pointed the service back to ${shortRevision(before)}`;
  return returning('PUTTING_BACK', message).answer;
}

async function stopOurs(
  ecs: EcsService,
  { arn, before, asked }: { readonly arn: string; readonly before: string; readonly asked: Asked },
): Promise<Restoration> {
  const command = new StopServiceDeploymentCommand({ serviceDeploymentArn: arn, stopType: 'ROLLBACK' });
  try {
    const call = { what: `stop the deployment of ${ecs.resource}`, action: 'ecs:StopServiceDeployment' };
    await explainErrors(call, () => ecs.client.send(command));
  } catch (error) {
    if (findAwsErrorName(error) === 'ConflictException' && !asked.stopInVain) return endedMeanwhile(asked);
    if (!canPutBackInstead(error)) throw error;
    ecs.io.log.warning(`${error.message}; pointing the service back instead. ${error.hint ?? ''}`.trim());
    return putBack(ecs, { before, force: false, asked });
  }
  asked.stop = true;
  const message = `asked for a rollback of our deployment to ${shortRevision(before)}`;
  return returning('ROLLBACK_REQUESTED', message).answer;
}

/** The next look shows how it ended. If it does not (a status that AWS added), an update is what is left. */
function endedMeanwhile(asked: Asked): Restoration {
  asked.stopInVain = true;
  const message = 'our deployment ended before it could be stopped';
  return waiting('ENDED_MEANWHILE', message).answer;
}

/** Whatever else keeps AWS from stopping it: an update ends our deployment too. */
function canPutBackInstead(error: unknown): error is DeployError {
  return error instanceof DeployError && (error.code === 'PERMISSION_DENIED' || error.code === 'DEPLOY_REJECTED');
}
