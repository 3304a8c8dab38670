import { returning, superseded } from '../../restoration-answers.ts';
import type { Decision } from './decide-restoration.ts';
import { shortRevision } from './service.ts';

export interface ServiceFacts {
  /** ARNs: what the service names now; our change; what to restore; what was live when the restore point was captured. */
  readonly live: string;
  readonly mark: string;
  readonly previous: string;
  readonly liveAtCapture: string;
  /** This process has updated the service to the previous revision. */
  readonly isUpdated: boolean;
}

/** Pure: what the service alone says, where its deployments can't be listed. null: it does not say enough. */
export function decideByService({ live, mark, previous, liveAtCapture, isUpdated }: ServiceFacts): Decision | null {
  if (live !== mark && live !== previous && live !== liveAtCapture)
    return superseded(`${shortRevision(live)} was deployed after ours and was not touched`);
  if (live !== mark) return null;
  if (!isUpdated) return { act: 'update', force: false };
  return returning('RESTORING', `the service does not name ${shortRevision(previous)} yet`);
}
