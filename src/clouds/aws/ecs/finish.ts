import { describeError, isTransient } from '../../../model/errors.ts';
import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import { joinSentences } from '../../../model/sentences.ts';
import { superseded } from '../../../model/superseded.ts';
import type { Operation } from '../../../model/workload.ts';
import type { EcsDeployments } from './deployments.ts';
import { readLiveState } from './live-state.ts';
import { removeMarker } from './marker-control.ts';
import type { EcsService } from './service.ts';

export interface Ending {
  finish(operation: Operation, point: RestorePoint): Promise<null>;
  isLive(mark: ChangeMark): Promise<boolean>;
}

const TRIES_FOR_MS = 60_000;

/**
 * What is live is confirmed while the marker is still there: once it is gone, the next run may start, and its rollout would
 * look like one that ended ours.
 */
export function openEnding(ecs: EcsService, deployments: EcsDeployments): Ending {
  const confirmed = new Set<ChangeMark>();
  let failingSince: number | null = null;
  return {
    async finish({ mark, revision }, point) {
      const { isLive, service } = await readLiveState(ecs, deployments, mark);
      if (!isLive) throw superseded(`could not confirm ${revision}: another deployment is live now`);
      try {
        await removeMarker(ecs, service, point);
      } catch (error) {
        failingSince ??= ecs.io.clock.now();
        if (!isTransient(error) || ecs.io.clock.now() - failingSince < TRIES_FOR_MS) throw error;
        const next = 'The next run waits until it has run out, then restores what was live before';
        ecs.io.log.warning(joinSentences(`${describeError(error).message}; the marker of this run stays`, next));
      }
      confirmed.add(mark);
      return null;
    },
    isLive: async (mark) => confirmed.has(mark) || (await readLiveState(ecs, deployments, mark)).isLive,
  };
}
