import type { SimulatedRequest } from '../edge/host.ts';
import type { JsonObject } from '../json.ts';
import { AwsError } from './aws-error.ts';
import { needsOf } from './needs.ts';
import { isGranted, type Need, type Role } from './policy.ts';
import type { Protocol } from './protocol.ts';
import { findSignature, isSignedWith } from './sigv4.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** Who may do what: everything that the role grants and that isn't denied. */
export interface Access {
  readonly credentials: Credentials;
  readonly account: string;
  readonly region: string;
  /** IAM actions: `ecs:UpdateService`. */
  readonly denied: Set<string>;
  /** Of the caller; null: it may do everything. */
  role: Role | null;
  /** What was refused so far: `action on resource`. */
  readonly refused: string[];
  /** Milliseconds since 1970; null: never. */
  expiresAt: number | null;
}

/** @throws AwsError for a request that isn't signed with our credentials. */
export function authenticate(
  access: Access,
  protocol: Protocol,
  { request, now }: { readonly request: SimulatedRequest; readonly now: number },
): void {
  const [json, query] = [protocol.kind === 'json', protocol.kind === 'query'];
  const status = query ? 403 : 400;
  const signature = findSignature(request);
  if (!signature) {
    const code = query ? 'MissingAuthenticationToken' : 'MissingAuthenticationTokenException';
    throw new AwsError(code, 'Missing Authentication Token', status);
  }
  const token = request.headers['x-amz-security-token'];
  if (signature.accessKeyId !== access.credentials.accessKeyId || token !== access.credentials.sessionToken) {
    const code = json ? 'UnrecognizedClientException' : 'InvalidClientTokenId';
    throw new AwsError(code, 'The security token included in the request is invalid.', status);
  }
  if (access.expiresAt !== null && now >= access.expiresAt) {
    const code = json ? 'ExpiredTokenException' : 'ExpiredToken';
    throw new AwsError(code, 'The security token included in the request is expired', status);
  }
  const scoped = signature.service === protocol.service && isRegion(access, protocol, signature.region);
  if (scoped && isSignedWith(access.credentials.secretAccessKey, request, signature)) return;
  throw new AwsError(
    json ? 'InvalidSignatureException' : 'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key ' +
      'and signing method. Consult the service documentation for details.',
    status,
  );
}

/** @throws AwsError AccessDeniedException, in IAM's words. */
export function authorize(access: Access, protocol: Protocol, call: { operation: string; body: JsonObject }): void {
  const denials = needsOf(protocol.service, call, access).map((need) => denialOf(access, need));
  const message = denials.find((denial) => denial !== null) ?? null;
  if (message === null) return;
  if (protocol.kind === 'query') throw new AwsError('AccessDenied', message, 403);
  throw new AwsError('AccessDeniedException', message, 400);
}

/** IAM's words for an action that the caller's role lacks; null: it may. */
export function denialOf(access: Access, need: Omit<Need, 'context'> & Partial<Need>): string | null {
  const { action, resource, context = {} } = need;
  const isAllowed = access.role === null || isGranted(access.role, { action, resource, context });
  if (isAllowed && !access.denied.has(action)) return null;
  access.refused.push(`${action} on ${resource}`);
  return (
    `User: ${callerArn(access)} is not authorized to perform: ${action} on resource: ${resource} ` +
    `because no identity-based policy allows the ${action} action`
  );
}

export function callerArn({ account }: Access): string {
  return `arn:aws:sts::${account}:assumed-role/deploy/github`;
}

function isRegion(access: Access, protocol: Protocol, region: string): boolean {
  if (protocol.service === 'ecr-public') return region === 'us-east-1';
  return region === access.region || (protocol.service === 'sts' && region === 'us-east-1');
}
