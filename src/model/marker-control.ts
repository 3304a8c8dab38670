import type { ChangeMark, RestorePoint } from './restore-point.ts';

/** The marker of `point.run` in the workload itself. Neither call sends anything where it is gone or another run's. */
export interface MarkerControl {
  /** It holds until then, in milliseconds since 1970. */
  renew(point: RestorePoint, mark: ChangeMark, until: number): Promise<void>;
  remove(point: RestorePoint): Promise<void>;
}
