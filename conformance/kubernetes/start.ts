import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setUpCluster } from './cluster-set-up.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { findControlPlane } from './find-control-plane.ts';
import { RealApi } from './real-api.ts';

export interface StartedCluster {
  /** With a Connection, as KUBERNETES_CONTROL_PLANE names it to tests. */
  readonly file: string;
  readonly connection: ControlPlane['connection'];
  stop(): Promise<void>;
}

/** A real control plane with nodes, below a temporary folder. null: it isn't built (conformance/kubernetes/install). */
export async function startCluster(): Promise<StartedCluster | null> {
  const program = findControlPlane();
  if (program === null) return null;
  const directory = mkdtempSync(path.join(tmpdir(), 'control-plane-'));
  const plane = await startControlPlane(program, directory);
  const api = new RealApi(plane.connection);
  await setUpCluster(api);
  api.close();
  const file = path.join(directory, 'connection.json');
  writeFileSync(file, JSON.stringify(plane.connection));
  return {
    ...{ file, connection: plane.connection },
    async stop() {
      await plane.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

// By hand: `node conformance/kubernetes/start.ts` prints the file, and ends with the signal that ends it.
if (process.argv[1] === import.meta.filename) {
  const cluster = await startCluster();
  process.stdout.write(`${cluster ? cluster.file : 'skipped: conformance/kubernetes/install builds it'}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cluster?.stop());
}
