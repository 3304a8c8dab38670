// Node has both; TypeScript's own declarations lack them: https://github.com/tc39/proposal-json-parse-with-source
const json = JSON as unknown as {
  parse(
    text: string,
    reviver: (name: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
};

/** As `tryParseJson`, with whole numbers that a JavaScript number can't hold exactly as `bigint`. */
export function tryParseExactJson(text: string): unknown {
  try {
    return json.parse(text, (_, value, { source }) => toExact(value, source));
  } catch {
    return undefined;
  }
}

/** What `source`, which was read as `value`, really says. */
export function toExact(value: unknown, source: string | undefined): unknown {
  const isRounded = typeof value === 'number' && !Number.isSafeInteger(value);
  return isRounded && source !== undefined ? (toInteger(source) ?? value) : value;
}

const NUMBER = /^\+?(-?)(\d{1,1000})(?:\.(\d{1,1000}))?(?:e\+?(\d{1,2}))?$/i;

/** One number in several forms: `100000000000000000000`, `1e20`, `1.0E+20`. null: it is not whole. */
function toInteger(source: string): bigint | null {
  const [, sign, whole = '', fraction = '', exponent = '0'] = NUMBER.exec(source) ?? [];
  if (sign === undefined) return null;
  const digits = (whole + fraction).padEnd(whole.length + Number(exponent), '0');
  const end = whole.length + Number(exponent);
  return /^0*$/.test(digits.slice(end)) ? BigInt(sign + digits.slice(0, end)) : null;
}

/** Of a value that may hold `bigint`. */
export function formatExactJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'bigint' ? json.rawJSON(String(member)) : member,
  );
}
