import type { Endpoint } from '../../model/endpoint.ts';
import { DeployError } from '../../model/errors.ts';

/** Where a test goes: concatenated, not resolved: as a relative reference, `//host/path` would be another host. */
export function resolveLocation(location: string, endpoint: Endpoint | null): URL {
  if (!location.startsWith('/')) return new URL(location);
  if (!endpoint) {
    throw new DeployError('INPUT_INVALID', 'could not request a path: no base URL is known', {
      hint: 'Set `url`, or write the full URL.',
    });
  }
  const base = new URL(endpoint.url);
  return new URL(`${base.origin}${base.pathname.replace(/(?<!\/)\/+$/, '')}${location}`);
}

/** Its headers and its connection are for that origin only. */
export function ownEndpoint(endpoint: Endpoint | null, url: URL): Endpoint | null {
  return endpoint && new URL(endpoint.url).origin === url.origin ? endpoint : null;
}

/** Sent without it, the service would answer something else than the test is about. */
export function refuseReservedHeaders(
  { headers }: { readonly headers: ReadonlyMap<string, string> },
  endpoint: Endpoint | null,
): void {
  const reserved = [...headers.keys()].find((name) => endpoint?.reservedHeaders?.includes(name.toLowerCase()));
  if (reserved === undefined) return;
  throw new DeployError('INPUT_INVALID', `could not send the header ${reserved}: this address does not pass it on`, {
    hint: 'Send the request from a command (`run:`) or to the full URL of the service, or leave out the header.',
  });
}

/** Names in lower case. */
export async function endpointHeaders(endpoint: Endpoint | null): Promise<Readonly<Record<string, string>>> {
  const headers = Object.entries((await endpoint?.headers()) ?? {});
  return Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
}
