import { DeployError } from '../model/errors.ts';
import type { Change, ChangePlan } from '../model/workload.ts';
import { type WaitRequest, waitUntilFree } from './wait-until-free.ts';

/**
 * The change compared with what is live. Where that is refused while another run changes the workload, it is compared again
 * when the workload is free: what a rollout leaves in the newest configuration for now is nothing to decide about.
 * @throws DeployError as `Workload.plan` and `waitUntilFree`
 */
export async function planWhenFree(change: Change, request: WaitRequest): Promise<ChangePlan> {
  const { workload } = request;
  try {
    return await workload.plan(change);
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== 'UNSUPPORTED') throw error;
    const { hasWaited } = await waitUntilFree(request);
    if (!hasWaited) throw error;
    return await workload.plan(change);
  }
}
