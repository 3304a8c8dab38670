import type { JsonObject } from '../../json.ts';
import { AwsError } from '../aws-error.ts';
import { readNumber, readString } from '../json.ts';

/** One page of a list, as maxResults and nextToken ask for it. @throws AwsError InvalidParameterException */
export function pageOf<T>(
  items: readonly T[],
  body: JsonObject,
  defaultSize: number,
): { readonly items: readonly T[]; readonly rest: { readonly nextToken?: string } } {
  const size = readNumber(body, 'maxResults') ?? defaultSize;
  const token = readString(body, 'nextToken') ?? 'page-0';
  const from = Number(/^page-(\d+)$/.exec(token)?.[1] ?? Number.NaN);
  if (size < 1 || size > 100) throw new AwsError('InvalidParameterException', 'maxResults must be between 1 and 100.');
  if (Number.isNaN(from)) throw new AwsError('InvalidParameterException', 'The nextToken is invalid.');
  const next = from + size;
  return { items: items.slice(from, next), rest: next < items.length ? { nextToken: `page-${next}` } : {} };
}
