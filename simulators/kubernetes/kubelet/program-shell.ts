import type { ProgramRun, ReadFile } from './program-run.ts';
import type { Reach } from './reach.ts';

interface Shell {
  readonly files: ReadFile;
  readonly reach: Reach;
}

/** `sh -e FILE`, for scripts of `export NAME='value'; …`, `echo`, `sleep`, `exit` and `wget URL`; of anything else there is no such program. */
export function runShell(args: readonly string[], { files, reach }: Shell): ProgramRun {
  const file = args.find((one) => !one.startsWith('-')) ?? '';
  const script = files(file);
  if (script === null) return { ms: 5, exitCode: 2, output: `sh: can't open '${file}': No such file or directory` };
  const env: Record<string, string> = {};
  const [, exported = '', rest = script] = /^export ((?:\w+='[^']*' ?)+); ([\s\S]*)$/.exec(script) ?? [];
  for (const [, name = '', value = ''] of exported.matchAll(/(\w+)='([^']*)'/g)) env[name] = value;
  const printed: string[] = [];
  let ms = 5;
  for (const [index, line] of rest.split('\n').entries()) {
    const words = line
      .trim()
      .replaceAll(/\$\{?(\w+)\}?/g, (_, name: string) => env[name] ?? '')
      .replaceAll('"', '');
    const [program = '', ...given] = words.split(/\s+/);
    if (program === '' || program.startsWith('#')) continue;
    if (program === 'echo') printed.push(given.join(' '));
    else if (program === 'sleep') ms += Number(given[0]) * 1_000;
    else if (program === 'exit') return { ms, exitCode: Number(given[0] ?? 0), output: printed.join('\n') };
    else if (program === 'wget') {
      const url = new URL(given.at(-1)!);
      const answer = reach({ method: 'GET', url, headers: {}, body: Buffer.alloc(0) });
      if (typeof answer === 'string' || answer.status >= 400) {
        printed.push(
          `wget: ${typeof answer === 'string' ? answer : `server returned error: HTTP/1.1 ${answer.status}`}`,
        );
        return { ms, exitCode: 1, output: printed.join('\n') };
      }
      printed.push(String(answer.body ?? ''));
    } else {
      printed.push(`${file}: line ${index + 1}: ${program}: not found`);
      return { ms, exitCode: 127, output: printed.join('\n') };
    }
  }
  return { ms, exitCode: 0, output: printed.join('\n') };
}
