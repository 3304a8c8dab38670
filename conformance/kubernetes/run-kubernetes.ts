import type { Tally } from '../tally.ts';
import { compareApis } from './compare-apis.ts';
import { compareKubectl } from './compare-kubectl.ts';
import { compareScenarios } from './compare-scenarios.ts';
import { findControlPlane } from './find-control-plane.ts';
import { startCluster } from './start.ts';

const REFEREE = 'a real Kubernetes control plane';

/**
 * The simulated Kubernetes beside the real one: the same requests, the same kubectl, the same scenarios. With parts of the
 * names of scenario files as further arguments: only those.
 */
export async function runKubernetes(tally: Tally): Promise<void> {
  const program = findControlPlane();
  const cluster = await startCluster();
  // Not `absent`: no machine of CI builds it, as it takes longer than all of CI.
  if (!cluster || !program) return tally.skip(REFEREE, 'it is not built (conformance/kubernetes/install does that)');
  try {
    const only = process.argv.slice(3);
    if (only.length === 0) {
      await compareApis(cluster.connection, tally);
      // Its own kubectl: one that the machine has is of another version.
      await compareKubectl(program, cluster.connection, tally);
    }
    await compareScenarios(cluster.file, tally, only);
  } finally {
    await cluster.stop();
  }
}
