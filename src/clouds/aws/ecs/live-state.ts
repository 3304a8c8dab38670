import type { Service } from '@aws-sdk/client-ecs';
import type { ChangeMark } from '../../../model/restore-point.ts';
import type { EcsDeployments } from './deployments.ts';
import { describeService, type EcsService } from './service.ts';
import { leftNothing } from './service-deployment-status.ts';

export interface LiveState {
  /** What the mark stands for serves, alone. */
  readonly isLive: boolean;
  readonly service: Service;
}

/** The list shows a newer deployment before the service does, or after it: both are read. */
export async function readLiveState(
  ecs: EcsService,
  deployments: EcsDeployments,
  mark: ChangeMark,
): Promise<LiveState> {
  const [newest] = (await deployments.list()).filter(({ status }) => !leftNothing(status));
  const newestIsOurs = newest !== undefined && (await deployments.findTaskDefinition(newest.revisionArn)) === mark;
  const service = await describeService(ecs);
  const primary = service.deployments?.find(({ status }) => status === 'PRIMARY');
  const isLive = newestIsOurs && service.taskDefinition === mark && primary?.taskDefinition === mark;
  return { isLive, service };
}
