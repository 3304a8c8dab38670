import type { Kind } from './cases.ts';
import { foreign } from './foreign.ts';
import { kill } from './kills.ts';
import { fault } from './single-run.ts';
import { twoRuns } from './two-runs.ts';
import { walk } from './walk.ts';

/** In the order in which they run. */
export const KINDS: readonly Kind[] = [fault, kill, twoRuns, foreign, walk];

export function kindNamed(name: string): Kind {
  const found = KINDS.find((kind) => kind.name === name);
  if (!found) throw new Error(`there is no kind ${name}: ${KINDS.map((kind) => kind.name).join(', ')}`);
  return found;
}
