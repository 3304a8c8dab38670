// One of the processes that play cases: the program sends one after another.
//   program: { record: row }  -> worker: the recordings of that row
//   program: { play: case }   -> worker: the verdict
import { openProcessPool } from '../simulators/process-pool/process-pool.ts';
import type { Case, Verdict } from './cases.ts';
import { kindNamed } from './kinds.ts';
import { type Recordings, record } from './recording.ts';
import { type Row, titleOf } from './rows.ts';

type Order = { readonly record: Row } | { readonly play: Case };

/** `--fresh`: a new process for every step, as on GitHub. */
const pool = process.argv.includes('--fresh') ? null : openProcessPool();
const known = new Map<string, Promise<Recordings>>();

process.on('message', (order: Order) => {
  void obey(order).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => {
  pool?.close();
  process.exit();
});

async function obey(order: Order): Promise<Recordings | Verdict> {
  if ('record' in order) return await recordingsOf(order.record);
  const { kind, row } = order.play;
  try {
    return await kindNamed(kind).play({ case: order.play, recordings: await recordingsOf(row), pool });
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { violations: [`the simulation broke: ${text.split('\n')[0]}`], ending: 'broken', evidence: [text] };
  }
}

function recordingsOf(row: Row): Promise<Recordings> {
  const title = titleOf(row);
  const found = known.get(title) ?? record(row, pool);
  known.set(title, found);
  return found;
}
