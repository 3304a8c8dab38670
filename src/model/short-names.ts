/** One way to say a long name shorter. `pattern` is global; `short` gets what it found. */
export interface ShortName {
  readonly pattern: RegExp;
  readonly short: (found: RegExpMatchArray) => string;
}

/** 12 of 64 digits: as `docker images` and the registries' pages show a digest. */
export const shortDigest: ShortName = {
  pattern: /sha256:([a-f0-9]{12})[a-f0-9]{52}(?![a-f0-9])/g,
  short: ([, first]) => `sha256:${first}`,
};

/**
 * A line of the log with short names. What is in backticks stays, as it is a command or a value to copy. So does a line in
 * which two different names would look the same.
 */
export function shortenNames(text: string, names: readonly ShortName[]): string {
  return text
    .split('\n')
    .map((line) => shortenLine(line, names))
    .join('\n');
}

function shortenLine(line: string, names: readonly ShortName[]): string {
  const wholeOf = new Map<string, string>();
  let isAmbiguous = false;
  const shorten = (part: string, { pattern, short }: ShortName): string =>
    part.replace(pattern, (whole, ...groups) => {
      const name = short([whole, ...groups.slice(0, -2)]);
      isAmbiguous ||= (wholeOf.get(name) ?? whole) !== whole;
      wholeOf.set(name, whole);
      return name;
    });
  const parts = line.split(/(`[^`]*`)/);
  const shortened = parts.map((part, index) => (index % 2 === 1 ? part : names.reduce(shorten, part))).join('');
  return isAmbiguous ? line : shortened;
}
