export interface Challenge {
  /** In lower case: `basic`, `bearer`. */
  readonly scheme: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const MAX_HEADER = 8_192;
const SCHEME = /^[\s,]*([A-Za-z][A-Za-z0-9-]*)(?=\s|,|$)(?!\s*=)/;
const PARAMETER = /^[\s,]*([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/;

/** What some schemes have instead of parameters: `Negotiate YII/a+b==`. */
const TOKEN68 = /^\s+[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/;

/** All challenges of a WWW-Authenticate header (RFC 9110 11.6.1); what cannot be read ends the list. */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let rest = header.slice(0, MAX_HEADER);
  while (rest !== '') {
    const parameter = PARAMETER.exec(rest);
    const scheme = parameter ? null : SCHEME.exec(rest);
    const current = challenges.at(-1);
    if (scheme) {
      challenges.push({ scheme: scheme[1]!.toLowerCase(), parameters: new Map() });
    } else if (parameter && current) {
      const value = parameter[2]?.replace(/\\(.)/g, '$1') ?? parameter[3] ?? '';
      current.parameters.set(parameter[1]!.toLowerCase(), value);
    } else if (!current || current.parameters.size > 0 || !TOKEN68.test(rest)) {
      break;
    }
    rest = rest.slice((parameter ?? scheme ?? TOKEN68.exec(rest))![0].length);
  }
  return challenges;
}
