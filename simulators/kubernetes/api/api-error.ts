import type { JsonObject } from '../../json.ts';
import type { ResourceKind } from '../resources.ts';

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: JsonObject | null;

  constructor(code: number, reason: string, message: string, details: JsonObject | null = null) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

/** `deployments.apps "web"`: how messages name an object. */
export function quoted(kind: ResourceKind, name: string): string {
  return `${resourceOf(kind)} "${name}"`;
}

/** `deployments.apps`, `pods`. */
export function resourceOf({ plural, group }: ResourceKind): string {
  return group === '' ? plural : `${plural}.${group}`;
}

export function notFound(kind: ResourceKind, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${quoted(kind, name)} not found`, detailsOf(kind, name));
}

export function alreadyExists(kind: ResourceKind, name: string): ApiError {
  return new ApiError(409, 'AlreadyExists', `${quoted(kind, name)} already exists`, detailsOf(kind, name));
}

export function conflict(kind: ResourceKind, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${quoted(kind, name)}: ${why}`;
  return new ApiError(409, 'Conflict', message, detailsOf(kind, name));
}

export const MODIFIED = 'the object has been modified; please apply your changes to the latest version and try again';

export function forbidden(kind: ResourceKind, name: string, why: string): ApiError {
  return new ApiError(403, 'Forbidden', `${quoted(kind, name)} is forbidden: ${why}`, detailsOf(kind, name));
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

/** One problem stands alone, several in brackets. */
export function invalid(kind: ResourceKind, name: string, causes: readonly Cause[]): ApiError {
  const texts = causes.map(({ field, message }) => (field ? `${field}: ${message}` : message));
  const what = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const title = `${kind.kind}${kind.group === '' ? '' : `.${kind.group}`}`;
  const details = { name, group: kind.group, kind: kind.kind, causes: causes.map((cause) => ({ ...cause })) };
  return new ApiError(422, 'Invalid', `${title} "${name}" is invalid: ${what}`, details);
}

/** What is wrong with a JSON patch that doesn't apply says nothing about why. */
export function patchFailed(): ApiError {
  return new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}

export function detailsOf({ group, plural }: ResourceKind, name: string): JsonObject {
  return { name, ...(group === '' ? {} : { group }), kind: plural };
}

export function toStatus({ code, reason, message, details }: ApiError): JsonObject {
  return {
    ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason },
    ...(details === null ? {} : { details }),
    code,
  };
}
