import type { RunIdentity } from '../../model/restore-point.ts';
import type { Operation } from '../../model/workload.ts';
import type { KeptRevision } from './history.ts';

/** Our rollout. `id`: the mark. */
export interface KubeOperation extends Operation {
  /** Of the object. */
  readonly uid: string;
  /** The ReplicaSet or ControllerRevision that was made of our template. */
  readonly kept: Pick<KeptRevision, 'name' | 'uid' | 'podValue'>;
  /** Whose marker the object has meanwhile. */
  readonly run?: RunIdentity | undefined;
}
