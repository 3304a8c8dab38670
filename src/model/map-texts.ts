import type { Failure } from './errors.ts';

/** The same shape with other texts; a list of texts is changed as one text of several lines. */
export function mapTexts<T>(value: T, change: (text: string) => string): T {
  if (typeof value === 'string') return change(value) as T;
  // Lines together: a value may be wrapped over several.
  if (isLines(value)) return (value.length > 0 ? change(value.join('\n')).split('\n') : value) as T;
  if (Array.isArray(value)) return value.map((member) => mapTexts(member, change)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, mapTexts(member, change)])) as T;
}

function isLines(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((member) => typeof member === 'string');
}

/** Its code stays: it is one of a closed list. */
export function mapFailure(failure: Failure, change: (text: string) => string): Failure {
  return { ...mapTexts(failure, change), code: failure.code };
}
