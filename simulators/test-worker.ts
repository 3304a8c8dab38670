import type { OpenClients } from './clock/children.ts';
import type { Authority } from './edge/certificates.ts';
import type { ProcessPool } from './process-pool/process-pool.ts';

/** What all test files of a jest worker share, because it is slow to make. scripts/jest-environment.js opens it. */
export interface TestWorker {
  /** Absent: each stage gets a new process. */
  readonly processPool?: ProcessPool;
  openAuthority(): Promise<Authority>;
  /** Who lives on a clock's time; absent: processes. */
  readonly openClients?: OpenClients;
}

/** Undefined outside of jest: in the demo, the benchmarks and the conformance runs nothing is shared. */
export function testWorker(): TestWorker | undefined {
  return (globalThis as { testWorker?: TestWorker }).testWorker;
}
