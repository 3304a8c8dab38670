type Env = Readonly<Record<string, string | undefined>>;

/** A line with colours, in the codes that terminals and GitHub's log share. */
export type Paint = (line: string) => string;

/** Where they are shown: on GitHub's page of the run, and on a terminal, unless NO_COLOR is set (https://no-color.org). */
export function openPaint(env: Env, isTerminal: boolean): Paint {
  const isShown = !env['NO_COLOR'] && (env['GITHUB_ACTIONS'] === 'true' || isTerminal);
  return isShown ? paintLine : (line) => line;
}

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

/** Pattern of a whole line -> codes for its groups, which make up the whole of it. */
const RULES: readonly (readonly [RegExp, readonly (readonly (keyof typeof CODES)[])[]])[] = [
  [/^(✓)(.*)$/u, [['green'], []]],
  [/^(✗)(.*)$/u, [['red'], []]],
  [/^(…)(.*)$/u, [['yellow'], []]],
  [/^(✅|📝)(.*)$/u, [[], ['bold', 'green']]],
  [/^(❌|🚨)(.*)$/u, [[], ['bold', 'red']]],
  [/^(↩️|⏭️|⚠️)(.*)$/u, [[], ['bold', 'yellow']]],
  [/^(█*)(░*)( \d.*)$/u, [['green'], ['dim'], ['bold']]],
  [/^( {2}\| .*)$/u, [['dim']]],
  [/^(still waiting for .*)$/u, [['dim']]],
];

/** `line` holds no codes of its own: the log takes them out of everything that it prints. */
function paintLine(line: string): string {
  for (const [pattern, paints] of RULES) {
    const found = pattern.exec(line);
    if (found)
      return found
        .slice(1)
        .map((part, index) => wrap(part, paints[index]!))
        .join('');
  }
  return line;
}

function wrap(text: string, names: readonly (keyof typeof CODES)[]): string {
  if (text === '' || names.length === 0) return text;
  return `\u001b[${names.map((name) => CODES[name]).join(';')}m${text}\u001b[0m`;
}
