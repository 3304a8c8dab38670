import type { AttestationRequirement, IdentityRequirement, SignedRequirement } from '../model/requirement.ts';
import { matchesPattern } from '../model/text-pattern.ts';
import type { CertificateClaims, Claims } from './claims.ts';

/** Why verified claims do not fulfil a requirement. */
export interface Mismatch {
  /** Completes "it …": `is of the repository acme/other`. */
  readonly why: string;
  /** The line of the input that would accept it; null: none would. */
  readonly accept: string | null;
}

/** [] : it fulfils it. */
export function findMismatches(claims: Claims, requirement: SignedRequirement): readonly Mismatch[] {
  const kind = requirement.kind === 'attestation' ? 'attestation' : 'signature';
  if (claims.kind !== kind) return [ofOtherKind(claims)];
  if (requirement.kind === 'key') return [];
  const { certificate } = claims;
  if (certificate === null) return [{ why: 'is signed by a key, without a certificate', accept: null }];
  return requirement.kind === 'attestation'
    ? [...mismatchesOf(claims.predicateType, certificate, requirement)]
    : mismatchesOfIdentity(certificate, requirement);
}

function ofOtherKind({ kind, predicateType }: Claims): Mismatch {
  return kind === 'attestation'
    ? { why: `is an attestation (${predicateType}), not a signature`, accept: null }
    : { why: 'is a signature, not an attestation', accept: null };
}

function mismatchesOfIdentity(claims: CertificateClaims, { identity, issuer }: IdentityRequirement): Mismatch[] {
  return [
    ...differs('identity', claims.identity, matchesPattern(claims.identity, identity)),
    ...differs('issuer', claims.issuer, matchesPattern(claims.issuer, issuer)),
  ];
}

function differs(name: string, value: string | null, fits: boolean): Mismatch[] {
  if (fits) return [];
  return [
    value === null || value === ''
      ? { why: `does not say its ${name}`, accept: null }
      : { why: `has the ${name} ${value}`, accept: `${name}: ${value}` },
  ];
}

/** https://docs.github.com/en/actions/security-for-github-actions/using-artifact-attestations */
function* mismatchesOf(
  predicateType: string | null,
  claims: CertificateClaims,
  requirement: AttestationRequirement,
): Generator<Mismatch> {
  const { repository, signerWorkflow, ref, commit } = requirement;
  yield* differs('predicate-type', predicateType, predicateType === requirement.predicateType);
  yield* differs('issuer', claims.issuer, claims.issuer === requirement.issuer);
  yield* differs('repository', claims.repository, isSameText(claims.repository, repository));
  yield* differs('signer-workflow', claims.identity, isSignedBy(claims.identity, signerWorkflow, repository));
  if (ref !== null) yield* differs('ref', claims.ref, claims.ref !== null && matchesPattern(claims.ref, ref));
  if (commit !== null) yield* differs('commit', claims.commit, claims.commit === commit);
  if (!requirement.allowsSelfHosted && claims.runner !== 'github-hosted') {
    const why =
      claims.runner === null ? 'does not say what kind of runner built it' : `was built on a ${claims.runner} runner`;
    yield { why, accept: 'self-hosted-runners: true' };
  }
}

/** GitHub takes the names of owners and repositories in any case, and paths and refs as they are. */
function isSameText(claimed: string | null, required: string): boolean {
  return claimed !== null && claimed.toLowerCase() === required.toLowerCase();
}

/** Without a workflow it has to be one of the repository itself; a reusable workflow of another signs as that one. */
function isSignedBy(identity: string, workflow: string | null, repository: string): boolean {
  if (workflow === null) return identity.toLowerCase().startsWith(`${repository.toLowerCase()}/`);
  const [signed, required] = [identity, workflow].map(lowerRepository) as [string, string];
  if (required.includes('@')) return matchesPattern(signed, required);
  const at = signed.indexOf('@');
  return at >= 0 && signed.slice(0, at) === required;
}

function lowerRepository(url: string): string {
  return url.replace(/^https:\/\/[^/]+\/[^/]+\/[^/]+/, (repository) => repository.toLowerCase());
}
