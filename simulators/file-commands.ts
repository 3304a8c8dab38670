export interface FileCommands {
  readonly pairs: Readonly<Record<string, string>>;
  /** The text breaks off or is malformed. The runner keeps what came before, and marks the step as failed. */
  readonly broken: boolean;
}

/**
 * Reads GITHUB_STATE, GITHUB_OUTPUT and GITHUB_ENV as the runner does: `NAME=value` and `NAME<<end`, last value wins.
 * https://github.com/actions/runner/blob/main/src/Runner.Worker/FileCommandManager.cs
 */
export function parseFileCommands(text: string): FileCommands {
  const pairs: Record<string, string> = {};
  const lines = text.split('\n');
  while (lines.length > 0) {
    const line = lines.shift() ?? '';
    if (line === '') continue;
    const pair = takePair(line, lines);
    if (!pair) return { pairs, broken: true };
    pairs[pair.name] = pair.value;
  }
  return { pairs, broken: false };
}

/** Takes the lines of a value off `rest`. null: malformed, or its end is missing. */
function takePair(line: string, rest: string[]): { name: string; value: string } | null {
  const [, name = '', operator, tail = ''] = /^(.*?)(=|<<)(.*)$/s.exec(line) ?? [];
  if (name === '' || !operator) return null;
  if (operator === '=') return { name, value: tail };
  const end = rest.indexOf(tail);
  if (tail === '' || end < 0) return null;
  const value = rest.slice(0, end).join('\n');
  rest.splice(0, end + 1);
  return { name, value };
}
