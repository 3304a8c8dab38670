// What clients say about formats is no secret, and it is the same word that a response answers with.
const HARMLESS_HEADERS = new Set(['accept', 'accept-language', 'content-type', 'user-agent']);
const SHORTEST_VALUE = 3;
const SHORTEST_PART = 8;

/** What we sent that must not come back out of an error page into the log: header values, their parts, and queries. */
export function sentValues(headers: Readonly<Record<string, string>>, url: URL): readonly string[] {
  const values = Object.entries(headers)
    .filter(([name]) => !HARMLESS_HEADERS.has(name.toLowerCase()))
    .map(([, value]) => value.trim());
  // `Bearer <token>`, `session=<id>; …`: a page can show the token alone.
  const parts = values.flatMap((value) => value.split(/[\s;,=]+/)).filter((part) => part.length >= SHORTEST_PART);
  const query = [url.search.slice(1), ...url.searchParams.values()];
  return [...values, ...parts, ...query].filter((value) => value.length >= SHORTEST_VALUE);
}
