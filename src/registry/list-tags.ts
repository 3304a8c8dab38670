import * as z from 'zod';
import { readBody } from '../io/http.ts';
import type { RegistryClient } from './client.ts';
import { findNextPage } from './next-page.ts';
import { readDocument } from './read-document.ts';
import { registryUrl } from './registry-address.ts';
import { formatRepository, pullScopes, type Repository } from './repository.ts';

const PAGE_SIZE = 1_000;
const MAX_PAGES = 20;
const MAX_PAGE_BYTES = 1024 * 1024;
const page = z.object({ tags: z.array(z.string()).nullish().catch(null) });

/**
 * The tags of a repository, as many as the registry tells on the first 20 pages.
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
 * @throws DeployError as any other request
 */
export async function listTags(client: RegistryClient, at: Repository): Promise<readonly string[]> {
  const first = new URL(`${at.repository}/tags/list?n=${PAGE_SIZE}`, registryUrl(at.registry));
  const tags: string[] = [];
  let next: URL | null = first;
  for (let pages = 0; next !== null && pages < MAX_PAGES; pages += 1) {
    const read = await readPage(client, at, next);
    tags.push(...read.tags);
    next = findNextPage(read.link, next, first);
  }
  return tags;
}

async function readPage(client: RegistryClient, at: Repository, target: URL) {
  const what = `list the tags of ${formatRepository(at)}`;
  return await client.call(
    { what, method: 'GET', registry: at.registry, target, scopes: pullScopes(at), expect: [200] },
    async (response) => {
      const body = await readBody(response, { maxBytes: MAX_PAGE_BYTES, timeoutMs: 30_000 });
      const { link } = response.headers;
      const { tags } = page.parse(readDocument(body, { what, registry: at.registry }));
      return { tags: tags ?? [], link: typeof link === 'string' ? link : '' };
    },
  );
}
