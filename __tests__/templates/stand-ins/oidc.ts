import type { JobPlace } from '../runner/stand-in.ts';
import type { Outside } from './outside.ts';

/** `sub` of the job's token: https://docs.github.com/en/actions/reference/security/oidc */
export function subjectOf({ repository, environment, ref }: JobPlace): string {
  return environment === null ? `repo:${repository}:ref:${ref}` : `repo:${repository}:environment:${environment}`;
}

/** @throws Error where the cloud does not let this job be `name`. */
export function ensureIdentity({ identities }: Outside, job: JobPlace, name: string): void {
  job.permissions.ensure('id-token', 'write');
  const subject = subjectOf(job);
  const trusted = identities.some((identity) => identity.name === name && identity.subject === subject);
  if (!trusted) throw new Error(`Not authorized to be ${name} with ${subject}`);
}
