import { createHash } from 'node:crypto';
import { DeployError } from '../../../model/errors.ts';
import { canonical, isJsonObject, type JsonObject } from '../../../model/json.ts';
import type { ChangeMark } from '../../../model/restore-point.ts';
import { contentOf } from './template.ts';

/** Together with the service's name: "Combined traffic tag and service name cannot exceed 46 characters". */
const LONGEST_TAG_AND_SERVICE = 46;
const SHORTEST_TAG = 4;
const LONGEST_TAG = 9;
const NAME_DIGITS = 8;
const MOST_ATTEMPTS = 30;

/**
 * What a template holds, in a few characters; the name that it has is no part of it. Nor is what is empty: Google stores
 * messages, so that is not there when it is read. https://protobuf.dev/programming-guides/json/#presence
 */
export function hashTemplate(template: JsonObject): string {
  return createHash('sha256')
    .update(canonical(withoutEmpty(contentOf(template))))
    .digest('hex')
    .slice(0, 16);
}

/** `agent@1f2e3d4c5b6a7980`: of a template that is sent without a name. A revision can't be called so. */
export function markOfContent(service: string, template: JsonObject): ChangeMark {
  return `${service}@${hashTemplate(template)}`;
}

/** Hash of the template that the mark stands for; null: the mark is a revision's name. */
export function hashOfMark(mark: ChangeMark): string | null {
  return /@([0-9a-f]{16})$/.exec(mark)?.[1] ?? null;
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [name, withoutEmpty(member)] as const);
  return Object.fromEntries(members.filter(([, member]) => !isEmpty(member)));
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return !value;
}

/** Names for one more revision of the content that the service's template has already, in the order in which they are tried. */
export function revisionNames(service: string, template: JsonObject): readonly string[] {
  const first = `${service}-${hashTemplate(template).slice(0, NAME_DIGITS)}`;
  return [first, ...Array.from({ length: MOST_ATTEMPTS - 1 }, (_, index) => `${first}-${index + 2}`)];
}

/** Is the service's name short enough for a tag? */
export function fitsTag(service: string): boolean {
  return service.length + SHORTEST_TAG <= LONGEST_TAG_AND_SERVICE;
}

/**
 * The tag under which our revision is reached before it gets traffic: `c-1f2e3d4`, shorter for a long service name. `l`
 * instead of `c` remembers that the user's own traffic follows the latest revision, as a preview (`traffic: 0`) pins it
 * and a later run has to know what to go back to.
 * @throws DeployError UNSUPPORTED when nothing fits
 */
export function chooseTag(
  service: string,
  revision: string,
  { followsLatest, taken }: { readonly followsLatest: boolean; readonly taken: readonly string[] },
): string {
  const length = Math.min(LONGEST_TAG, LONGEST_TAG_AND_SERVICE - service.length);
  const digits = createHash('sha256').update(revision).digest('hex');
  const candidates = Array.from({ length: 16 }, (_, index) => digits.slice(index, index + length - 2));
  const free = candidates.map((part) => `${followsLatest ? 'l' : 'c'}-${part}`).find((tag) => !taken.includes(tag));
  if (length >= SHORTEST_TAG && free) return free;
  const why = `its name has ${service.length} characters, and ${LONGEST_TAG_AND_SERVICE} is the most for name and traffic tag together`;
  throw new DeployError('UNSUPPORTED', `could not make an address for a new revision of ${service}: ${why}`, {
    hint: `Use \`strategy: rolling\`, or a service whose name has at most ${LONGEST_TAG_AND_SERVICE - SHORTEST_TAG} characters.`,
  });
}

/** Was the tag made by a run of this action for this revision? */
export function isOurTag(tag: string | null, revision: string): boolean {
  if (tag === null || !/^[cl]-[0-9a-f]{2,7}$/.test(tag)) return false;
  return createHash('sha256').update(revision).digest('hex').includes(tag.slice(2));
}

/** Of a tag of ours: does it say that the user's traffic follows the latest revision? */
export function remembersLatest(tag: string): boolean {
  return tag.startsWith('l-');
}
