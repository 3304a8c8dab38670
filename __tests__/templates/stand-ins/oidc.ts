import { MAIN_JOB, subjectOf } from '../../../simulators/github/workflow-identity.ts';
import type { JobPlace } from '../runner/stand-in.ts';
import type { Outside } from './outside.ts';

/** @throws Error where the cloud does not let this job be `name`. */
export function ensureIdentity({ identities }: Outside, job: JobPlace, name: string): void {
  job.permissions.ensure('id-token', 'write');
  const { repository, ref, environment } = job;
  const subject = subjectOf({ ...MAIN_JOB, repository, ref, environment: environment ?? '' });
  const trusted = identities.some((identity) => identity.name === name && identity.subject === subject);
  if (!trusted) throw new Error(`Not authorized to be ${name} with ${subject}`);
}
