import { ensureEdit } from '../../../model/change.ts';
import { DeployError } from '../../../model/errors.ts';
import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import type { Change, Prepared } from '../../../model/workload.ts';
import { type ContainerApp, findRevision } from './app.ts';
import { type RevisionOperation, toOperation, toOurRevision } from './operation.ts';
import { chooseRevision } from './plan.ts';
import { type Sending, sendNext, type Update } from './send-update.ts';

/** How long an app may refuse our request because another change of it is in progress. */
const LONGEST_BUSY_MS = 120_000;

/** Chooses the name of the new revision, which changes nothing; `send` creates it. */
export async function prepareChange(app: ContainerApp, given: Change): Promise<Prepared> {
  const change = ensureEdit(given, app.resource);
  const { mark, base } = await chooseRevision(app, change);
  const sending: Sending = { statusUrl: null, pins: 0, claims: 0, isPinned: false, isTemplateSent: false };
  const refused: Refused = { since: null };
  return {
    mark,
    send: (point, { takeTraffic, markedUntil }) => {
      const update: Update = { ...toOurRevision(app, point, mark), point, change, base, takeTraffic, markedUntil };
      return sendUnlessBusy(app, refused, () => sendNext(app, update, sending));
    },
  };
}

/** See `Workload.findOperation`. */
export async function findOperation(
  app: ContainerApp,
  { mark, point }: { readonly mark: ChangeMark; readonly point: RestorePoint },
): Promise<RevisionOperation | null> {
  const ours = toOurRevision(app, point, mark);
  return (await findRevision(app, mark)) ? toOperation(ours, null) : null;
}

/** Since when the app refuses our request; null: it does not. */
interface Refused {
  since: number | null;
}

/** @throws DeployError as `sendNext`; BUSY when the app stays so */
async function sendUnlessBusy<T>(app: ContainerApp, refused: Refused, send: () => Promise<T>): Promise<T> {
  try {
    const sent = await send();
    refused.since = null;
    return sent;
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== 'THROTTLED') throw error;
    const now = app.io.clock.now();
    refused.since ??= now;
    if (now - refused.since < LONGEST_BUSY_MS) throw error;
    throw new DeployError('BUSY', error.message, {
      cause: error,
      ...(error.hint === null ? {} : { hint: error.hint }),
    });
  }
}
