import { type JsonObject, textAt } from '../../../model/json.ts';
import type { MarkerControl } from '../../../model/marker-control.ts';
import type { Readiness } from '../../../model/readiness.ts';
import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import { readinessByMarker } from '../../marker-readiness.ts';
import {
  CHANGE_ANNOTATION,
  findMarker,
  formatMarker,
  holderOf,
  MANAGER,
  ROLLOUT_ANNOTATION,
  readMarker,
} from '../rollout-annotation.ts';
import { findOwnCopy, type SplitWorkload } from './split-workload.ts';

export interface Marking {
  readonly point: RestorePoint;
  readonly mark: ChangeMark;
  readonly until: number;
}

/** What tells every run whose the copy is. */
export function markingOf({ point, mark, until }: Marking): Readonly<Record<string, string>> {
  if (!point.run) return { [CHANGE_ANNOTATION]: mark };
  const marker = { run: point.run, until, mark, point, phase: 'rolling-out' as const, fields: { own: [], taken: [] } };
  return { [CHANGE_ANNOTATION]: mark, [ROLLOUT_ANNOTATION]: formatMarker(marker) };
}

/** Of the copy. `left`: no run holds it, as it is a preview. */
export type CopyHolder = 'ours' | 'other' | 'left' | 'none';

export function holderOfCopy(copy: JsonObject | null, { point, mark }: Omit<Marking, 'until'>): CopyHolder {
  if (!copy) return 'none';
  const holder = holderOf(copy, point.run);
  if (holder !== 'none') return holder;
  if (findMarker(copy)) return 'other';
  return textAt(copy, 'metadata', 'annotations', CHANGE_ANNOTATION) === mark ? 'ours' : 'left';
}

/** See `Workload.readiness`; null: no copy is in the way. */
export async function readCopyReadiness(split: SplitWorkload): Promise<Readiness | null> {
  const found = await findOwnCopy(split);
  const marker = found && findMarker(found);
  return readinessByMarker(marker, split.run.io.clock.now());
}

/** See `Workload.marker`: of the copy. Nothing is sent where there is none of this run. */
export function openCopyMarker(split: SplitWorkload): MarkerControl {
  return {
    renew: async ({ run }, _mark, until) => {
      await writeMarker(split, run?.id, (marker) => (marker.until < until ? formatMarker({ ...marker, until }) : null));
    },
    remove: async ({ run }) => {
      await writeMarker(split, run?.id, () => REMOVED);
    },
  };
}

const REMOVED = Symbol('removed');
type Write = (marker: NonNullable<ReturnType<typeof readMarker>>) => string | typeof REMOVED | null;

async function writeMarker(split: SplitWorkload, id: string | undefined, write: Write): Promise<void> {
  const { run, copy } = split;
  const found = await findOwnCopy(split);
  const marker = found && readMarker(found);
  if (!found || !marker || marker.run.id !== id || textAt(found, 'metadata', 'deletionTimestamp') !== '') return;
  const text = write(marker);
  if (text === null) return;
  await run.api.change({
    ...{ method: 'PATCH', path: copy.path, kind: 'merge-patch', query: { fieldManager: MANAGER } },
    body: {
      metadata: {
        uid: textAt(found, 'metadata', 'uid'),
        annotations: { [ROLLOUT_ANNOTATION]: text === REMOVED ? null : text },
      },
    },
  });
}
