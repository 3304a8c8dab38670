import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Io } from '../../io/io.ts';
import { writePrivately } from '../../io/private-file.ts';
import { workspaceOf } from '../../io/workspace-file.ts';
import { formatDuration } from '../../model/duration.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { DeployError } from '../../model/errors.ts';
import type { CommandSmokeTest } from '../../model/smoke-test.ts';
import type { Attempt } from './attempt.ts';
import { commandEnvironment, missingVariables } from './command-environment.ts';
import { asWritten, excerpt, type Hide } from './excerpt.ts';
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
    writePrivately(file, test.script);
    const env = { ...commandEnvironment(io.env, test.passedVariables), ...variablesOf(context) };
    const { signal } = context;
    const end = await runScript({ file, cwd: workspaceOf(io.env), env, timeoutMs, signal }, io);
    const missing = missingVariables(test.script, io.env, test.passedVariables);
    return toAttempt(end, { timeoutMs, durationMs: io.clock.now() - startedAt, missing, hide: io.log.redact });
  } catch (error) {
    context.signal.throwIfAborted();
    const { code, message } = error as NodeJS.ErrnoException;
    const detail = error instanceof DeployError ? message : `could not write the script to a file: ${code ?? message}`;
    return { passed: false, reason: detail, detail, final: true };
  } finally {
    await rm(file, { force: true });
  }
}

/** What each script gets of ours. */
export function variablesOf({
  endpoint,
  revision,
  image,
}: Pick<CommandContext, 'endpoint' | 'revision' | 'image'>): Record<string, string> {
  return { DEPLOY_URL: endpoint?.url ?? '', DEPLOY_REVISION: revision, DEPLOY_IMAGE: image };
}

interface Circumstances {
  readonly timeoutMs: number;
  readonly durationMs: number;
  /** Variables that it asks for and didn't get. */
  readonly missing: readonly string[];
  /** Secrets are found while the lines are apart. */
  readonly hide: Hide;
}

export function toAttempt(end: ScriptEnd, took: Circumstances): Attempt {
  const printed =
    end.lastLines.length === 0
      ? 'it printed nothing'
      : `last log lines: ${excerpt(took.hide(end.lastLines.join('\n')).replaceAll('\n', ' / '), asWritten, 500)}`;
  const lines = `${printed}${describeMissing(took.missing)}`;
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

function describeMissing(names: readonly string[]): string {
  return names.length === 0 ? '' : `; commands get ${names.join(', ')} only if \`smoke-test-env\` lists it`;
}
