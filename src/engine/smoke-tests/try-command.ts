import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Io } from '../../io/io.ts';
import { workspaceOf } from '../../io/workspace-file.ts';
import { formatDuration } from '../../model/duration.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { DeployError } from '../../model/errors.ts';
import type { CommandSmokeTest } from '../../model/smoke-test.ts';
import type { Attempt } from './attempt.ts';
import { excerpt } from './excerpt.ts';
import { runScript, type ScriptEnd } from './run-script.ts';

export interface CommandContext {
  readonly endpoint: Endpoint | null;
  readonly revision: string;
  readonly image: string;
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** Runs the script once. @throws Only the signal's reason. */
export async function tryCommand(test: CommandSmokeTest, context: CommandContext, io: Io): Promise<Attempt> {
  const file = path.join(io.env['RUNNER_TEMP'] || tmpdir(), `deploy-agent-${randomUUID()}.sh`);
  const startedAt = io.clock.now();
  const timeoutMs = Math.min(test.timeoutMs, Math.max(1, context.deadline - startedAt));
  try {
    // `wx` and a random name: no other user of a shared runner can place a file or a link there first.
    await writeFile(file, test.script, { mode: 0o600, flag: 'wx' });
    const env = environmentOf(context, io.env);
    const { signal } = context;
    const end = await runScript({ file, cwd: workspaceOf(io.env), env, timeoutMs, signal }, io);
    return toAttempt(end, { timeoutMs, durationMs: io.clock.now() - startedAt });
  } catch (error) {
    context.signal.throwIfAborted();
    const { code, message } = error as NodeJS.ErrnoException;
    const detail = error instanceof DeployError ? message : `could not write the script to a file: ${code ?? message}`;
    return { passed: false, reason: detail, detail, final: true };
  } finally {
    await rm(file, { force: true });
  }
}

/**
 * What a step's script gets, without what belongs to this action. INPUT_* and STATE_* hold its inputs and journal;
 * the two tokens could act as the whole job; through the files of the runner's commands a script could rewrite the
 * journal that the post step rolls back from, or this step's outputs and summary.
 */
function environmentOf(context: CommandContext, env: Io['env']): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !WITHHELD.test(entry[0]),
  );
  return {
    ...Object.fromEntries(kept),
    DEPLOY_URL: context.endpoint?.url ?? '',
    DEPLOY_REVISION: context.revision,
    DEPLOY_IMAGE: context.image,
  };
}

const WITHHELD =
  /^(?:INPUT_.*|STATE_.*|ACTIONS_ID_TOKEN_REQUEST_.*|ACTIONS_RUNTIME_TOKEN|GITHUB_(?:STATE|OUTPUT|ENV|PATH|STEP_SUMMARY|ARTIFACTS))$/i;

function toAttempt(end: ScriptEnd, took: { readonly timeoutMs: number; readonly durationMs: number }): Attempt {
  const lines =
    end.lastLines.length === 0
      ? 'it printed nothing'
      : `last log lines: ${excerpt(end.lastLines.join(' / '), [], 500)}`;
  if (end.timedOut) {
    const reason = `not done within ${formatDuration(took.timeoutMs)}, so it was stopped`;
    return { passed: false, final: false, reason, detail: `${reason}; ${lines}` };
  }
  if (end.exitCode === 0) {
    return {
      passed: true,
      final: false,
      reason: 'passed',
      detail: `exit code 0 in ${formatDuration(took.durationMs)}`,
    };
  }
  const reason = end.signal === null ? `exit code ${end.exitCode}` : `ended by ${end.signal}`;
  return { passed: false, final: false, reason, detail: `${reason}; ${lines}` };
}
