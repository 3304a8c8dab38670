import { getState, saveState } from '@actions/core';

/** What main leaves for post: a few small values, in the kernel when `save` returns. Last value of a name wins. */
export interface State {
  save(name: string, value: string): void;
  /** '' where nothing was saved. */
  read(name: string): string;
}

/** GITHUB_STATE for writing, STATE_* for reading: the runner carries the one over into the other. */
export const runnerState: State = { save: saveState, read: getState };
