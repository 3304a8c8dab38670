import { DeployError } from '../../model/errors.ts';
import { type JsonObject, listAt, textAt } from '../../model/json.ts';
import { ApiRefusal, type Query } from './api.ts';

const PAGE_SIZE = 250;
const MAX_PAGES = 80;
const MAX_RESTARTS = 3;

/**
 * The items of all pages, as of one moment. The API server forgets that moment after some minutes and answers 410 then: the
 * list starts from its first page.
 * @param read one page; its query comes on top of the caller's
 * @throws DeployError UNSUPPORTED for more than 80 pages
 */
export async function readPages(
  read: (page: Query) => Promise<JsonObject>,
  { what, size = PAGE_SIZE }: { readonly what: string; readonly size?: number },
): Promise<readonly JsonObject[]> {
  for (let restarts = 0; ; restarts += 1) {
    try {
      return await readOnce(read, what, size);
    } catch (error) {
      const isExpired = error instanceof ApiRefusal && error.status === 410;
      if (!isExpired || restarts >= MAX_RESTARTS) throw error;
    }
  }
}

async function readOnce(
  read: (page: Query) => Promise<JsonObject>,
  what: string,
  limit: number,
): Promise<JsonObject[]> {
  const items: JsonObject[] = [];
  let next: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await read({ limit, continue: next });
    items.push(...listAt(answer, 'items'));
    next = textAt(answer, 'metadata', 'continue');
    if (next === '') return items;
  }
  throw new DeployError('UNSUPPORTED', `could not ${what}: there are more than ${MAX_PAGES * limit}`, {
    hint: 'Deploy to a namespace with fewer of them.',
  });
}
