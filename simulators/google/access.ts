import type { SimulatedRequest, TimeSource } from '../edge/host.ts';
import { GoogleError } from './google-error.ts';

/** Who a token stands for. */
export interface Principal {
  /** `federated`: straight from the security token service; `service-account`: after impersonation. */
  readonly kind: 'federated' | 'service-account';
  /** An e-mail address, or `principal://iam.googleapis.com/…/subject/…`. */
  readonly id: string;
}

interface Token {
  readonly principal: Principal;
  readonly expiresAt: number;
}

const MISSING =
  'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid ' +
  'authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.';
const INVALID =
  'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid ' +
  'authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.';

/** Who may do what: everything that is granted and that isn't denied. */
export class Access {
  readonly #clock: TimeSource;
  readonly #tokens = new Map<string, Token>();
  readonly #denied = new Set<string>();
  /** null: everything. */
  #granted: ReadonlySet<string> | null = null;
  readonly #used = new Set<string>();
  readonly #refused = new Set<string>();
  #issued = 0;

  constructor(clock: TimeSource) {
    this.#clock = clock;
  }

  /** A new access token, good for `lifetimeMs`. */
  issue(principal: Principal, lifetimeMs: number): string {
    const token = `ya29.simulated-${principal.kind}-${++this.#issued}`;
    this.#tokens.set(token, { principal, expiresAt: this.#clock.now() + lifetimeMs });
    return token;
  }

  /** Every token that is out is refused from now on; new ones are good. */
  expireAll(): void {
    this.#tokens.clear();
  }

  deny(permission: string): void {
    this.#denied.add(permission);
  }

  allow(permission: string): void {
    this.#denied.delete(permission);
  }

  /** From now on these permissions and no more. @returns which of them are used, and which others are asked for */
  grantOnly(permissions: readonly string[]): {
    readonly used: ReadonlySet<string>;
    readonly refused: ReadonlySet<string>;
  } {
    this.#granted = new Set(permissions);
    return { used: this.#used, refused: this.#refused };
  }

  /** Does the caller have it? To ask is no use of it. */
  has(permission: string): boolean {
    return !this.#denied.has(permission) && (this.#granted?.has(permission) ?? true);
  }

  /** May the caller do what takes this permission? */
  may(permission: string): boolean {
    const may = this.has(permission);
    (may ? this.#used : this.#refused).add(permission);
    return may;
  }

  /** null: no such token, or no longer. */
  findPrincipal(token: string): Principal | null {
    const found = this.#tokens.get(token);
    return found && this.#clock.now() < found.expiresAt ? found.principal : null;
  }

  /** @throws GoogleError UNAUTHENTICATED: 401. */
  authenticate({ headers }: SimulatedRequest): Principal {
    const token = /^Bearer (\S+)$/i.exec(headers['authorization'] ?? '')?.[1];
    const principal = token === undefined ? null : this.findPrincipal(token);
    if (principal) return principal;
    throw new GoogleError('UNAUTHENTICATED', token === undefined ? MISSING : INVALID, [
      errorInfo(token === undefined ? 'CREDENTIALS_MISSING' : 'ACCESS_TOKEN_TYPE_UNSUPPORTED', 'googleapis.com', {}),
    ]);
  }

  /** @throws GoogleError PERMISSION_DENIED, in IAM's words. */
  authorize(permission: string, resource: string): void {
    if (this.may(permission)) return;
    const message = `Permission '${permission}' denied on resource '${resource}' (or resource may not exist).`;
    throw new GoogleError('PERMISSION_DENIED', message, [denialInfo(permission, resource)]);
  }
}

/** https://cloud.google.com/iam/docs/permission-error-messages */
export function denialInfo(permission: string, resource: string) {
  return errorInfo('IAM_PERMISSION_DENIED', 'iam.googleapis.com', { permission, resource });
}

function errorInfo(reason: string, domain: string, metadata: Readonly<Record<string, string>>) {
  return { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain, metadata };
}
