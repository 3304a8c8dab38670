import { DeployError } from '../model/errors.ts';
import type { ChangePlan } from '../model/workload.ts';
import { type WaitRequest, waitUntilFree } from './wait-until-free.ts';

/**
 * The change compared with what is live. Where that is refused while another run changes the workload, it is compared again
 * when the workload is free: what a rollout leaves in the newest configuration for now is nothing to decide about.
 * @param plan gets how much longer it may take: what restoring took
 * @throws DeployError as `Workload.plan` and `waitUntilFree`
 */
export async function planWhenFree(
  plan: (moreMs: number) => Promise<ChangePlan>,
  request: WaitRequest,
): Promise<ChangePlan> {
  try {
    return await plan(0);
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== 'UNSUPPORTED') throw error;
    const { hasWaited, restoringMs } = await waitUntilFree(request);
    if (!hasWaited) throw error;
    return await plan(restoringMs);
  }
}
