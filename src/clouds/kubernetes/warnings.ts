const MAX_WARNINGS = 20;
const LONGEST_WARNING = 1_000;
// warn-code SP warn-agent SP warn-text: RFC 7234 5.5. Kubernetes sends 299 and `-`.
const WARNING = /\b299 [^\s"]+ "((?:[^"\\]|\\.)*)"/g;

/** The texts of a `Warning` header, each once; Node joins several headers with a comma. Foreign text. */
export function parseWarnings(header: string): readonly string[] {
  const texts = [...header.matchAll(WARNING)].map(([, quoted = '']) => unquote(quoted).slice(0, LONGEST_WARNING));
  return [...new Set(texts)].slice(0, MAX_WARNINGS);
}

function unquote(quoted: string): string {
  return quoted.replace(/\\(.)/g, '$1');
}
