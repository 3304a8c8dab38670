import { randomBytes } from 'node:crypto';
import { type JsonObject, textAt } from '../../model/json.ts';
import type { ChangeMark } from '../../model/restore-point.ts';
import { CHANGE_ANNOTATION } from './rollout-annotation.ts';
import { hashImages, hashTemplate, templateOf } from './template-hash.ts';

/** `3f9c01d2ab.t.<hash>`, `i` where only the images are compared. Shown by `kubectl describe`, so it is short. */
const MARK = /^(?<id>[0-9a-f]{10})\.(?<by>[ti])\.(?<hash>[0-9a-f]{20})$/;

/** `isSettled`: the API server answers the same template each time. A later process needs nothing else to know ours. */
export function makeMark(expected: JsonObject, { isSettled }: { readonly isSettled: boolean }): ChangeMark {
  const id = randomBytes(5).toString('hex');
  return isSettled ? `${id}.t.${hashTemplate(expected)}` : `${id}.i.${hashImages(expected)}`;
}

/** Whose the object's template is: the annotation alone may be there from a rollout that someone else has replaced. */
export function isOurs(object: JsonObject, mark: ChangeMark): boolean {
  return textAt(object, 'metadata', 'annotations', CHANGE_ANNOTATION) === mark && fitsMark(templateOf(object), mark);
}

/** Did a run of this action make the template that the object has? */
export function isMadeByUs(object: JsonObject): boolean {
  return isOurs(object, textAt(object, 'metadata', 'annotations', CHANGE_ANNOTATION));
}

function fitsMark(template: JsonObject, mark: ChangeMark): boolean {
  const { by, hash } = MARK.exec(mark)?.groups ?? {};
  if (by === 't') return hashTemplate(template) === hash;
  return by === 'i' && hashImages(template) === hash;
}
