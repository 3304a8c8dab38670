import type { ErrorCode } from '../model/errors.ts';
import type { RegistryTraits } from '../model/keychain.ts';

export interface RefusedCall {
  /** Completes "could not …": `push blob sha256:… to ghcr.io/acme/agent`. */
  readonly what: string;
  readonly registry: string;
  readonly writes: boolean;
  /** True: no credentials were sent. */
  readonly anonymous: boolean;
  readonly traits?: RegistryTraits | null;
  /** The labels of the logins that were refused. */
  readonly tried?: readonly string[];
}

/** Pure: the next step after a refusal. `text`: what the registry said; it may name the permission itself. */
export function hintFor(code: ErrorCode, call: RefusedCall, text: string): string {
  const { registry, writes } = call;
  switch (code) {
    case 'AUTH_FAILED':
      return call.anonymous ? logIn(call) : refused(call);
    case 'PERMISSION_DENIED':
      return call.anonymous ? logIn(call) : allow(call, text);
    case 'NOT_FOUND':
      return writes
        ? `Create the repository in ${registry} first, or correct its name.`
        : withCache('Check the name of the repository.', call);
    case 'THROTTLED':
      return call.anonymous
        ? `${logIn(call)} Without a login the limit is lower, and other users of this runner's address count too.`
        : 'Wait and run again, or raise the rate limit of the registry.';
    case 'NETWORK':
      return `Run again; if it stays, check the status page of ${registry}.`;
    case 'IMAGE_NOT_FOUND':
      return withCache('Check that the build pushed it.', call);
    default:
      return `Correct what ${registry} names, then run again.`;
  }
}

/** A repository that is filled from another registry at the first pull isn't there before, or lacks the image. */
function withCache(hint: string, { traits }: RefusedCall): string {
  return traits?.permissions.cache ? `${hint} ${cacheHint(traits.permissions.cache)}` : hint;
}

/** `permissions`: of `RegistryTraits.permissions.cache` */
export function cacheHint(permissions: string): string {
  return `In a pull-through cache, the first pull of an image needs ${permissions}.`;
}

function logIn(call: RefusedCall): string {
  const login = `Log in to ${call.registry} before this step (docker/login-action), or set registry-username and registry-password.`;
  return call.traits ? `${login} The credentials need ${permissionOf(call)}.` : login;
}

function refused(call: RefusedCall): string {
  const needed = call.traits ? ` They need ${permissionOf(call)}.` : '';
  return `Check the credentials for ${call.registry}: they were refused.${needed}`;
}

function allow(call: RefusedCall, text: string): string {
  const said = call.traits?.denialHint?.(text);
  if (said) return said;
  if (call.traits) return `Check that the repository exists, and give these credentials ${permissionOf(call)}.`;
  return `Check that the repository exists, and allow these credentials to ${call.writes ? 'push to' : 'pull from'} it.`;
}

function permissionOf({ traits, writes }: RefusedCall): string {
  return writes ? (traits?.permissions.push ?? '') : (traits?.permissions.pull ?? '');
}
