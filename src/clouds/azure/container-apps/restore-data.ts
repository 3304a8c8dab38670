import { DeployError } from '../../../model/errors.ts';
import type { RestorePoint } from '../../../model/workload.ts';
import type { ContainerApp } from './app.ts';
import { parseTraffic, servingRevisions, type TrafficEntry } from './traffic-table.ts';

/** What `RestorePoint.data` holds for Container Apps. */
export type RestoreData = {
  readonly mode: 'single' | 'multiple';
  /** The latest revision then. */
  readonly latest: string;
  /** The latest that was ready then: what traffic for "the latest" went to. */
  readonly ready: string;
  /** The revision whose images and variables are put back; it can't be changed, so they are read from it when needed. */
  readonly base: string;
  /** Of the template that is put back. */
  readonly hash: string;
  /** As `formatTraffic` writes it; '' without ingress. */
  readonly traffic: string;
};

/** @throws DeployError JOURNAL_INVALID when it is of another app, or of another version of this code. */
export function parseRestoreData(point: RestorePoint, app: Pick<ContainerApp, 'resource'>): RestoreData {
  if (point.resource !== app.resource) {
    throw new DeployError('JOURNAL_INVALID', `could not restore ${point.resource}: this is ${app.resource}`, {
      hint: 'Run the job again with the inputs that it had.',
    });
  }
  const { mode, latest, ready, base, hash, traffic } = point.data;
  const texts = [latest, ready, base, hash, traffic];
  if ((mode !== 'single' && mode !== 'multiple') || !texts.every((text) => typeof text === 'string')) {
    throw new DeployError('JOURNAL_INVALID', `could not restore ${point.resource}: the restore point is not complete`, {
      hint: 'Look at what is live and put it right by hand: this run may have left a half-finished deployment.',
    });
  }
  return point.data as RestoreData;
}

export function trafficBefore({ traffic }: RestoreData): readonly TrafficEntry[] {
  return parseTraffic(traffic);
}

/** What served then; without ingress, what ran. */
export function servedBefore(data: RestoreData): readonly string[] {
  return data.traffic === '' ? [data.ready] : servingRevisions(trafficBefore(data), data.ready);
}
