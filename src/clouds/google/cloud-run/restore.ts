import { readIfPossible } from '../../../io/read-optional.ts';
import { neverAborted } from '../../../io/signals.ts';
import { DeployError } from '../../../model/errors.ts';
import type { JsonObject } from '../../../model/json.ts';
import type { ChangeMark, Restoration, RestorePoint } from '../../../model/restore-point.ts';
import { waiting } from '../../restoration-answers.ts';
import { isConflict } from './change-service.ts';
import { decideRestoration } from './decide-restoration.ts';
import { withoutOurMarker } from './marker-control.ts';
import type { Decision } from './restoration-facts.ts';
import { parseRestoreData } from './restore-data.ts';
import { gatherFacts } from './restore-facts.ts';
import { labelsBesideNewer, marked, moveTraffic, type Poll, restoreAll, send } from './restore-requests.ts';
import { deedsOf, type RunService } from './service.ts';
import { readLastOperation, readService } from './service-wire.ts';
import { watchPrevious } from './watch-previous.ts';

/** See `Workload.restore`: one poll and at most one change. */
type Restore = (point: RestorePoint, mark: ChangeMark, elapsedMs: number) => Promise<Restoration>;

export function openRunRestore(opened: RunService): Restore {
  // A cancel is often why a rollback is needed, so it must not end the rollback too.
  const run = { ...opened, signal: neverAborted };
  return async (point, mark, elapsedMs) => {
    const data = parseRestoreData(point, run);
    const restoring = { point, mark, elapsedMs };
    const service = await readServiceOrOperation(run);
    const facts = gatherFacts(run, service, restoring);
    try {
      return await act({ run, service, facts, restoring, data }, decideRestoration(facts));
    } catch (error) {
      if (isConflict(error)) return changedMeanwhile();
      throw error;
    }
  };
}

/** A rollback does without the service where that may not be read any more: our last operation shows it too. */
async function readServiceOrOperation(run: RunService): Promise<JsonObject> {
  try {
    return await readService(run);
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== 'PERMISSION_DENIED') throw error;
    const service = await readIfPossible(run.io.log, 'our last operation', () => readLastOperation(run));
    if (!service) throw error;
    return service;
  }
}

async function act(poll: Poll, decision: Decision): Promise<Restoration> {
  switch (decision.act) {
    case 'none':
      return await settle(poll, decision.answer);
    case 'fence':
      await send(poll, marked(poll, 'fencing'));
      return waiting('FENCING', 'making sure that the update, which got no answer, can’t take effect any more').answer;
    case 'unfence':
      await send(poll, withoutOurMarker(poll.service, poll.restoring.point) ?? {});
      deedsOf(poll.run, poll.restoring.point).add('fenced');
      return waiting('FENCED', 'the update that was sent can no longer take effect').answer;
    case 'move-traffic':
      return await moveTraffic(poll, decision);
    case 'restore':
      return await restoreAll(poll, decision.traffic);
  }
}

/** The marker goes last, however it ends. A restoration that failed keeps it: the next run then tries again. */
async function settle(poll: Poll, answer: Restoration): Promise<Restoration> {
  const { run, service, facts, restoring } = poll;
  if (answer.status === 'progressing') return await watchPrevious(run, { answer, facts });
  if (answer.status !== 'failed')
    await send(poll, { ...withoutOurMarker(service, restoring.point), ...labelsBesideNewer(poll) });
  return answer;
}

function changedMeanwhile(): Restoration {
  const message = 'the service has changed since it was read; reading it again';
  return waiting('CHANGED_MEANWHILE', message).answer;
}
