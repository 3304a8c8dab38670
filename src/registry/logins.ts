import type { Log } from '../io/log.ts';
import { DeployError, isTransient } from '../model/errors.ts';
import type { Keychain, RegistryCredentials } from '../model/keychain.ts';
import { basicHeader } from './basic-header.ts';
import { singleFlight } from './single-flight.ts';

/** What a registry is asked for. It may refuse one login for this and accept the same login for something else. */
export interface Access {
  readonly registry: string;
  /** `repository:<name>:<actions>` */
  readonly scopes: readonly string[];
  readonly writes: boolean;
}

export interface Login {
  /** Position of its keychain. */
  readonly nth: number;
  readonly credentials: RegistryCredentials;
}

/** The logins for registries, tried in the order of their keychains: each is refused once for an access. */
export interface Logins {
  /**
   * The first that was not refused for this access; the first of all when each was: it may be accepted by now. null: no
   * keychain has one.
   * @throws DeployError when the only keychains that know the registry get no credentials
   */
  find(access: Access): Promise<Login | null>;
  /** The first that was not refused for this access; null: none is left. */
  findOther(access: Access): Promise<Login | null>;
  refuse(access: Access, login: Login): void;
  /** Its keychain is asked again: a password from a cloud lives for some hours only. */
  forget(registry: string, login: Login): void;
  /** The labels of those that were refused for this access. */
  tried(access: Access): readonly string[];
}

interface Search {
  readonly login: Login | null;
  /** Why a keychain that knows the registry got no credentials. */
  readonly failure: DeployError | null;
}

export function openLogins(options: { readonly keychains: readonly Keychain[]; readonly log: Log }): Logins {
  const { keychains, log } = options;
  const held = new Map<string, Promise<RegistryCredentials | null>>();
  const refusals = new Map<string, Set<number>>();
  const refusedFor = ({ registry, scopes, writes }: Access): Set<number> => {
    const key = [registry, writes, ...scopes].join(' ');
    const refused = refusals.get(key) ?? new Set();
    refusals.set(key, refused);
    return refused;
  };
  const resolve = (registry: string, nth: number) =>
    singleFlight(held, keyOf(registry, nth), () => resolveCredentials(keychains[nth]!, registry, log));
  const labels = (access: Access) =>
    keychains.flatMap(({ label }, nth) => (refusedFor(access).has(nth) ? [label] : []));

  const search = async (access: Access, skipped: ReadonlySet<number>): Promise<Search> => {
    const refused = refusedFor(access);
    let failure: DeployError | null = null;
    for (const [nth, { isExclusive }] of keychains.entries()) {
      if (skipped.has(nth) && isExclusive) break;
      if (skipped.has(nth)) continue;
      try {
        const credentials = await resolve(access.registry, nth);
        if (credentials) return { login: { nth, credentials }, failure };
      } catch (error) {
        if (!isRefusal(error) && !(refused.size > 0 && isFinal(error))) throw error;
        log.debug(error.message);
        if (isRefusal(error)) refused.add(nth);
        if (isRefusal(error)) failure = error;
      }
    }
    return { login: null, failure };
  };

  return {
    async find(access) {
      for (const skipped of [refusedFor(access), new Set<number>()]) {
        const { login, failure } = await search(access, skipped);
        if (login) return login;
        if (failure) throw sayTried(failure, labels(access));
      }
      return null;
    },
    findOther: async (access) => (await search(access, refusedFor(access))).login,
    refuse: (access, { nth }) => void refusedFor(access).add(nth),
    forget: (registry, { nth }) => void held.delete(keyOf(registry, nth)),
    tried: labels,
  };
}

/** The failure of the last login, with all that were tried. */
export function sayTried(failure: DeployError, labels: readonly string[]): DeployError {
  if (labels.length < 2) return failure;
  const { code, hint } = failure;
  const message = `${failure.message}; tried: ${labels.join(', ')}`;
  return new DeployError(code, message, { cause: failure, ...(hint ? { hint } : {}) });
}

/** The login was refused: by its keychain, or by the registry's token service. */
export function isRefusal(error: unknown): error is DeployError {
  return error instanceof DeployError && ['AUTH_FAILED', 'PERMISSION_DENIED'].includes(error.code);
}

/** Trying again does not help, and it is no cancellation. */
function isFinal(error: unknown): error is DeployError {
  return error instanceof DeployError && !isTransient(error) && error.code !== 'CANCELLED';
}

function keyOf(registry: string, nth: number): string {
  return `${nth} ${registry}`;
}

async function resolveCredentials(keychain: Keychain, registry: string, log: Log): Promise<RegistryCredentials | null> {
  const credentials = await keychain.resolve(registry);
  if (credentials) {
    log.mask(credentials.password);
    log.mask(basicHeader(credentials).slice('Basic '.length));
  }
  return credentials;
}
