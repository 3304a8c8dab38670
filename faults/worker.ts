// One of the processes that play cases: the program sends one after another.
//   program: { record: row }  -> worker: the recordings of that row
//   program: { play: case }   -> worker: the verdict
import { createAuthority } from '../simulators/edge/certificates.ts';
import { openProcessPool, type ProcessPool } from '../simulators/process-pool/process-pool.ts';
import type { TestWorker } from '../simulators/test-worker.ts';
import type { Case, Verdict } from './cases.ts';
import { openLocalPool } from './in-process/local-pool.ts';
import { kindNamed } from './kinds.ts';
import { type Recordings, record } from './recording.ts';
import { type Row, titleOf } from './rows.ts';

type Order = { readonly record: Row } | { readonly play: Case };

const pool = openPool();
const known = new Map<string, Promise<Recordings>>();

process.on('message', (order: Order) => {
  void obey(order).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => {
  pool?.close();
  process.exit();
});

/** Steps run in this process; `--pooled`: in processes that are reused; `--fresh`: in a new one each, as on GitHub. */
function openPool(): ProcessPool | null {
  if (process.argv.includes('--fresh')) return null;
  if (process.argv.includes('--pooled')) return openProcessPool();
  const local = openLocalPool();
  const authority = createAuthority();
  const shared: TestWorker = { openAuthority: () => authority, openClients: local.openClients };
  Object.assign(globalThis, { testWorker: shared });
  return local.pool;
}

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
