import { debug, endGroup, error, info, setSecret, startGroup, warning } from '@actions/core';
import { visible } from '../model/visible.ts';

/** The job's log. Nothing that is printed through it can issue a workflow command. */
export interface Log {
  info(message: string): void;
  debug(message: string): void;
  /** Also an annotation; GitHub shows ten of a kind for a step. */
  warning(message: string): void;
  /** Also an annotation. One for a run: the cause and the next step. */
  error(message: string, title: string): void;
  /** Text from outside (a container, a cloud), set apart line by line. */
  foreign(lines: readonly string[]): void;
  /** From here on the runner shows *** instead. */
  mask(secret: string): void;
  group<T>(title: string, body: () => Promise<T>): Promise<T>;
}

export const runnerLog: Log = {
  info: (message) => info(harmless(message)),
  debug: (message) => debug(harmless(message)),
  warning: (message) => warning(harmless(message)),
  error: (message, title) => error(harmless(message), { title: harmless(title) }),
  foreign: (lines) => {
    for (const line of lines) info(`  | ${harmless(line)}`);
  },
  mask: (secret) => {
    // A short mask would black out ordinary words all over the log.
    if (secret.length >= 6) setSecret(secret);
  },
  async group(title, body) {
    startGroup(harmless(title));
    try {
      return await body();
    } finally {
      endGroup();
    }
  },
};

/**
 * The runner takes a line that starts with `::`, or holds `##[`, for a command (actions/runner ActionCommand.cs).
 */
export function harmless(text: string): string {
  return visible(text)
    .replace(/##\[/g, '# #[')
    .replace(/^(\s*)::/gm, '$1: :');
}
