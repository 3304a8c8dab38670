import { StringDecoder } from 'node:string_decoder';

const MAX_TOTAL_BYTES = 1024 * 1024;
const MAX_LINE_CHARACTERS = 4096;
const LAST_LINES = 5;

/** Turns a script's output into lines as it comes, bounded in every direction: what is beyond is read and dropped. */
export function openOutputLines(print: (lines: readonly string[]) => void) {
  const last: string[] = [];
  let bytes = 0;
  const emit = (lines: readonly string[]): void => {
    if (lines.length === 0) return;
    last.push(...lines.filter((line) => line.trim() !== '').slice(-LAST_LINES));
    last.splice(0, last.length - LAST_LINES);
    if (bytes > MAX_TOTAL_BYTES) return;
    bytes += lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
    print(bytes > MAX_TOTAL_BYTES ? [...lines, '(more than 1 MiB of output: the rest is not shown)'] : lines);
  };
  return {
    /** One for each stream: a line of the one never ends up inside a line of the other. */
    openStream: () => splitterInto(emit),
    /** The last lines that are not empty, also of output that is not shown. */
    lastLines: (): readonly string[] => [...last],
  };
}

function splitterInto(emit: (lines: readonly string[]) => void) {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const split = (text: string): void => {
    // A `\r` at the end may be half of a `\r\n`.
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    emit(lines.map(cut));
    // One character more than is shown, so that `cut` still sees that the line was longer.
    if (rest.length > MAX_LINE_CHARACTERS) rest = rest.slice(0, MAX_LINE_CHARACTERS + 1);
  };
  return {
    write: (chunk: Buffer): void => split(decoder.write(chunk)),
    end: (): void => {
      split(`${decoder.end()}`);
      if (rest !== '') emit([cut(rest.replace(/\r$/, ''))]);
      rest = '';
    },
  };
}

function cut(line: string): string {
  return line.length > MAX_LINE_CHARACTERS ? `${line.slice(0, MAX_LINE_CHARACTERS)}…` : line;
}
