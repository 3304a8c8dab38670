import type { TimeLimit } from '../engine/time-limit.ts';
import { readStepInputs } from '../inputs/step-inputs.ts';
import type { CancellableIo } from '../io/io.ts';
import type { OlderCommitPolicy } from '../model/older-commit.ts';
import type { EnsureNotOlder } from './guard-commits.ts';

/** null, and nothing is loaded, where nothing of it was asked for: neither a token nor a policy. `policy` null: the input is not given. */
export async function openOlderCommitGuard(
  policy: OlderCommitPolicy | null,
  limit: TimeLimit,
  context: CancellableIo,
): Promise<EnsureNotOlder | null> {
  const token = readStepInputs(context.io.env).text('github-token');
  const isAskedFor = token !== '' || policy !== null;
  if (policy === 'allow' || !isAskedFor) return null;
  const { guardCommits } = await import('./guard-commits.ts');
  return guardCommits({ policy, token }, limit, context);
}
