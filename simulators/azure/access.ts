import type { SimulatedRequest } from '../edge/host.ts';
import { ArmError } from './arm-error.ts';

/** An application (service principal) or a person of the tenant. */
export interface Principal {
  readonly clientId: string;
  readonly objectId: string;
  readonly kind: 'Application' | 'User';
}

export interface AccessToken {
  readonly text: string;
  /** As it was asked for: `https://management.azure.com`. */
  readonly audience: string;
  readonly principal: Principal;
  readonly expiresAt: number;
}

const ARM_AUDIENCES = ['https://management.azure.com', 'https://management.core.windows.net'];

/** A role at a scope: what it allows there and below. */
export interface RoleAssignment {
  readonly role: string;
  /** Actions; `*` at the end stands for all that begin so. */
  readonly actions: readonly string[];
  readonly scope: string;
}

/** Who may do what: everything that the assignments allow and that isn't denied. */
export class AzureAccess {
  readonly tenant: string;
  /** Actions of roles: `Microsoft.App/containerApps/write`; `*`: all. */
  readonly denied = new Set<string>();
  /** Of the caller; null: it may do everything. */
  assignments: readonly RoleAssignment[] | null = null;
  /** What was used of them: `role: action`. */
  readonly used = new Set<string>();
  /** What was refused so far: `action on scope`. */
  readonly refused: string[] = [];
  readonly #tokens = new Map<string, AccessToken>();

  constructor(tenant: string) {
    this.tenant = tenant;
  }

  remember(token: AccessToken): void {
    this.#tokens.set(token.text, token);
  }

  /** Every token so far ends now, as when sessions are revoked. New ones are given out. */
  forgetTokens(): void {
    this.#tokens.clear();
  }

  /** null: it was never issued, or it has expired. */
  findToken(text: string, now: number): AccessToken | null {
    const token = this.#tokens.get(text);
    return token && now < token.expiresAt ? token : null;
  }

  /** @throws ArmError 401 for a request without a token for ARM that is good now. */
  authenticate(request: SimulatedRequest, now: number): Principal {
    const text = /^Bearer (\S+)$/i.exec(request.headers['authorization'] ?? '')?.[1];
    if (text === undefined) {
      const message = "Authentication failed. The 'Authorization' header is missing.";
      throw this.#refuse('AuthenticationFailed', message);
    }
    const token = this.#tokens.get(text);
    if (!token) throw this.#refuse('InvalidAuthenticationToken', 'The access token is invalid.');
    if (now >= token.expiresAt) {
      const [expiry, current] = [new Date(token.expiresAt), new Date(now)].map((time) => time.toUTCString());
      const message = `The access token expiry UTC time '${expiry}' is earlier than current UTC time '${current}'.`;
      throw this.#refuse('ExpiredAuthenticationToken', message);
    }
    if (!ARM_AUDIENCES.includes(token.audience.replace(/\/$/, ''))) {
      const message = `The access token has been obtained for wrong audience or resource '${token.audience}'. It should exactly match with one of the allowed audiences '${ARM_AUDIENCES.join("','")}'.`;
      throw this.#refuse('InvalidAuthenticationTokenAudience', message);
    }
    return token.principal;
  }

  /** @throws ArmError 403, in ARM's words. */
  authorize(principal: Principal, action: string, scope: string): void {
    if (!this.isDenied(action, scope)) return;
    const message =
      `The client '${principal.clientId}' with object id '${principal.objectId}' does not have authorization to ` +
      `perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, ` +
      'please refresh your credentials.';
    throw new ArmError(403, 'AuthorizationFailed', message);
  }

  isDenied(action: string, scope: string): boolean {
    const isDenied = this.denied.has('*') || this.denied.has(action) || !this.#isAssigned(action, scope);
    if (isDenied) this.refused.push(`${action} on ${scope}`);
    return isDenied;
  }

  #isAssigned(action: string, scope: string): boolean {
    if (this.assignments === null) return true;
    const matching = this.assignments.flatMap(({ role, actions, scope: from }) => {
      const isBelow = `${scope}/`.toLowerCase().startsWith(`${from}/`.toLowerCase());
      const names = actions.filter(
        (name) => name === action || (name.endsWith('*') && action.startsWith(name.slice(0, -1))),
      );
      return isBelow ? names.map((name) => `${role}: ${name}`) : [];
    });
    for (const permission of matching) this.used.add(permission);
    return matching.length > 0;
  }

  #refuse(code: string, message: string): ArmError {
    const challenge =
      `Bearer authorization_uri="https://login.microsoftonline.com/${this.tenant}", error="invalid_token", ` +
      'error_description="The authentication failed because of missing or invalid Authorization header."';
    return new ArmError(401, code, message, { 'www-authenticate': challenge });
  }
}
