import type { Io } from '../../io/io.ts';
import { DeployError } from '../../model/errors.ts';
import { type Inside, NotRun, PROGRAM_FILES, type Program } from '../../model/inside.ts';
import { joinSentences } from '../../model/sentences.ts';
import type { CommandSmokeTest } from '../../model/smoke-test.ts';
import type { Attempt } from './attempt.ts';
import { asWritten, excerpt } from './excerpt.ts';
import { openOutputLines } from './output-lines.ts';
import { type CommandContext, toAttempt, variablesOf } from './try-command.ts';

/** The script, in an image that has a shell. It gets nothing of the job's environment. */
export function scriptProgram(
  test: CommandSmokeTest,
  context: Pick<CommandContext, 'endpoint' | 'revision' | 'image'>,
): Program {
  return {
    test,
    image: test.inside?.image ?? (context.image === '' ? null : context.image),
    command: ['sh', '-e', `${PROGRAM_FILES}/script`],
    files: { script: Buffer.from(`${exportOf(variablesOf(context))}; ${test.script}`) },
  };
}

/** On the first line of the script, so that a shell counts its lines as they were written. */
function exportOf(variables: Readonly<Record<string, string>>): string {
  const quoted = Object.entries(variables).map(([name, value]) => `${name}='${value.replaceAll("'", "'\\''")}'`);
  return `export ${quoted.join(' ')}`;
}

/** Runs the script once in the workload's own network. @throws Only the signal's reason. */
export async function runInside(
  test: CommandSmokeTest,
  context: CommandContext & { readonly runner: Inside },
  io: Io,
): Promise<Attempt> {
  const { deadline, signal, runner } = context;
  const startedAt = io.clock.now();
  const timeoutMs = Math.min(test.timeoutMs, Math.max(1, deadline - startedAt));
  try {
    const { output, ...end } = await runner.run(scriptProgram(test, context), { timeoutMs, deadline, signal });
    const lines = openOutputLines((printed) => io.log.foreign(printed));
    const stream = lines.openStream();
    stream.write(Buffer.from(output));
    stream.end();
    const took = { timeoutMs, durationMs: io.clock.now() - startedAt, missing: [], hide: io.log.redact };
    return toAttempt({ ...end, signal: null, lastLines: lines.lastLines() }, took);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof DeployError)) throw error;
    return notRun(error);
  }
}

/** What kept a smoke test from running, in one line. */
export function notRun(error: DeployError): Attempt {
  const detail = excerpt(joinSentences(error.message, error.hint), asWritten, 500).slice(1, -1);
  const couldNotRun = error instanceof NotRun;
  return { passed: false, reason: error.message, detail, couldNotRun, final: couldNotRun && error.isFinal };
}
