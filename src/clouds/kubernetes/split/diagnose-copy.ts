import type { Diagnosis } from '../../../model/diagnosis.ts';
import type { ClusterWorkload } from '../cluster-workload.ts';
import { diagnoseRollout } from '../diagnose.ts';
import { findCurrent, readHistory } from '../history.ts';
import type { SplitOperation } from './split-operation.ts';
import { findOwnCopy, type SplitWorkload } from './split-workload.ts';

/** See `Workload.diagnose`: of the Deployment itself once that is changed, of the copy before. */
export async function diagnoseSplit(split: SplitWorkload, operation: SplitOperation): Promise<Diagnosis> {
  const { run, copy, rolling } = split;
  const { promotion } = operation.split;
  if (promotion) return await rolling.diagnose(promotion);
  const found = await findOwnCopy(split);
  if (!found) return { cause: `${copy.name} is gone`, hint: null, facts: [], logs: [] };
  const ofCopy: ClusterWorkload = { ...run, name: copy.name, path: copy.path };
  const kept = findCurrent(await readHistory(ofCopy, found), found);
  if (!kept) return { cause: null, hint: null, facts: [`${copy.name} has no ReplicaSet yet`], logs: [] };
  return await diagnoseRollout(ofCopy, { ...operation, uid: '', kept });
}
