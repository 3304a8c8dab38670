import { isForbiddenHost } from '../io/address-guard.ts';
import type { SmokeTest } from '../model/smoke-test.ts';

/** One entry of the list. `test` is null when there are problems; `label` says which entry this is ('' when unclear). */
export interface ReadEntry {
  readonly label: string;
  readonly test: SmokeTest | null;
  readonly problems: readonly string[];
}

/** What an entry is called: one line. */
export function shorten(text: string): string {
  const line = hideQuery(text.replace(/\s+/g, ' '));
  return line.length > 80 ? `${line.slice(0, 80)}…` : line;
}

/** A query can hold a token, and names go into logs and reports. */
function hideQuery(text: string): string {
  return text
    .replace(/^([A-Za-z]+:? (?:\/|(?:https?|wss?):\/\/)[^?#]*)\?.*$/, '$1?…')
    .replace(/:\/\/[^/@\s]*@/, '://…@');
}

/** Of a path below the base URL, or a full URL with one of these schemes. */
export function findLocationProblems(location: string, schemes = 'http or https'): readonly string[] {
  if (location.startsWith('/')) return [];
  const url = /^(?:https?):\/\//i.test(location) ? URL.parse(location) : null;
  if (!url) return [`expected a path that begins with \`/\`, or a full ${schemes} URL`];
  if (url.username !== '' || url.password !== '') return ['expected a URL without credentials; send them in `headers`'];
  return isForbiddenHost(url) ? [METADATA] : [];
}

const METADATA =
  'this is a link-local address or a metadata service, which is never called; expected one of the service';
