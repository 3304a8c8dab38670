/** The next page of a list, from its Link header. A page at another address is not requested: the request carries our authorization. */
export function findNextPage(link: string, from: URL, first: URL): URL | null {
  const target = /<([^<>]+)>\s*;\s*rel="?next"?/i.exec(link)?.[1];
  const url = target === undefined ? null : URL.parse(target, from.href);
  return url && url.origin === first.origin && url.pathname === first.pathname ? url : null;
}
