import path from 'node:path';
import { findProgram } from '../run-program.ts';

const BUILT = path.resolve(import.meta.dirname, '../../.referees/kubernetes');

/** As conformance/kubernetes/install leaves it, there or in the folder KUBERNETES_REFEREE; null: it isn't built. */
export function findControlPlane(): string | null {
  return findProgram('control-plane', [process.env['KUBERNETES_REFEREE'] ?? BUILT]);
}
