import { randomBytes } from 'node:crypto';
import type { Io } from '../io/io.ts';
import type { RunIdentity } from '../model/restore-point.ts';

/** Of this use of the action. The post step takes it from the journal. */
export function identifyRun({ env, clock }: Pick<Io, 'env' | 'clock'>): RunIdentity {
  const repository = env['GITHUB_REPOSITORY'] ?? 'a run outside GitHub Actions';
  const run = env['GITHUB_RUN_ID'] ? `, run ${env['GITHUB_RUN_ID']}` : '';
  const attempt = env['GITHUB_RUN_ATTEMPT'] ? `, attempt ${env['GITHUB_RUN_ATTEMPT']}` : '';
  return { id: randomBytes(6).toString('hex'), name: `${repository}${run}${attempt}`, since: clock.now() };
}
