import type { Operation } from '../model/workload.ts';
import type { JournalEntry } from './journal.ts';

/** How far a run has come. */
export interface Progress {
  entry: JournalEntry;
  /** The last that was started; null: none yet. */
  operation: Operation | null;
  /** When the present step has to be done, in milliseconds since 1970. What a bake takes is added to it. */
  deadline: number;
}
