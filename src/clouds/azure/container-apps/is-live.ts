import { textAt } from '../../../model/json.ts';
import type { ChangeMark } from '../../../model/restore-point.ts';
import type { AppState } from './app.ts';
import { hasTemplateOf } from './foreign.ts';
import { followsLatest, isName, readTraffic, shareOf } from './traffic-table.ts';

/** Pure: see `Workload.isLive`. */
export function isLive(state: AppState, mark: ChangeMark): boolean {
  const isLatest = isNewest(state, mark) && isName(state.latestReady, mark);
  if (state.mode === 'single' || !state.ingress) return isLatest;
  const now = readTraffic(state.traffic);
  return shareOf(now, mark, state.latestReady) === 100 && (isLatest || !followsLatest(now));
}

/** Azure takes the template of another deployment seconds before it lists the revision that is made of it. */
function isNewest(state: AppState, mark: ChangeMark): boolean {
  if (!isName(state.latestRevision, mark)) return false;
  // Whoever made a preview that we continued with may have left its name to Azure, which the template doesn't show then.
  const isUnnamed = textAt(state.template, 'revisionSuffix') === '';
  return hasTemplateOf(state, mark) || (isUnnamed && state.provisioningState !== 'inprogress');
}
