import { noteUnanswered } from '../model/unanswered.ts';
import type { Operation, Prepared, RolloutPlan } from '../model/workload.ts';
import type { Progress, Rollout } from './rollout.ts';
import { waitFor } from './wait.ts';

/**
 * Sends the change and finds our operation. A transient error leaves open whether the request was taken: our operation is
 * searched for, and the request is sent again only if there is none.
 * @throws DeployError TIMEOUT, or what `send` throws; the signal's reason
 */
export async function sendChange(
  prepared: Prepared,
  plan: RolloutPlan,
  { progress, rollout }: { readonly progress: Progress; readonly rollout: Rollout },
): Promise<Operation> {
  const { workload, io, signal } = rollout;
  const { point } = progress.entry;
  const send = () => noteUnanswered(progress.unanswered, io.clock, () => prepared.send(point, plan));
  const find = (): Promise<Operation | null> => workload.findOperation(prepared.mark, point);
  let isSent = false;
  return await waitFor(
    async () => {
      const isFirst = !isSent;
      isSent = true;
      const found = isFirst ? null : await find();
      const operation = found ?? (await send()) ?? (isFirst ? await find() : null);
      return operation
        ? { done: true, value: operation }
        : { done: false, message: 'update submitted, waiting for the deployment to be listed' };
    },
    { what: 'our deployment to be listed', deadline: progress.deadline, signal },
    io,
  );
}
