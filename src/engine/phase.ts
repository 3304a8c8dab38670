import type { Io } from '../io/io.ts';
import type { RunRecord } from '../model/outcome.ts';

/** Runs one part of the story: a group in the log, a row in the report's timeline, also when it fails. */
export async function runPhase<T>(name: string, record: RunRecord, io: Io, body: () => Promise<T>): Promise<T> {
  const startedAt = io.clock.now();
  try {
    return await io.log.group(name, body);
  } finally {
    record.phases.push({ name, startedAt, durationMs: io.clock.now() - startedAt });
  }
}
