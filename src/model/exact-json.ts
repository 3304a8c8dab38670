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
  return isRounded && source !== undefined && /^-?\d{1,1000}$/.test(source) ? BigInt(source) : value;
}

/** Of a value that may hold `bigint`. */
export function formatExactJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'bigint' ? json.rawJSON(String(member)) : member,
  );
}
