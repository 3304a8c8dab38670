import fc from 'fast-check';

/**
 * Text with the pieces in it that somebody would try: random text alone hardly ever holds two of them side by side.
 */
export function textWith(pieces: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...pieces) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
    { weight: 1, arbitrary: fc.string({ maxLength: 8 }) },
  );
  return fc.array(piece, { maxLength: 16 }).map((parts) => parts.join(''));
}

/** Any text at all, and text of the given pieces. */
export function anyText(...pieces: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), textWith(pieces.length === 0 ? [' '] : pieces));
}

/** What a call comes to: its value, or what it threw. */
export async function tried<T>(call: () => T | Promise<T>): Promise<{ value: T } | { error: unknown }> {
  try {
    return { value: await call() };
  } catch (error) {
    return { error };
  }
}
