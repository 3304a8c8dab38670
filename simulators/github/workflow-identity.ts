/** Whose job it is. */
export interface WorkflowIdentity {
  /** `acme/agent` */
  readonly repository: string;
  readonly ownerId: string;
  readonly repositoryId: string;
  readonly ref: string;
  /** The `environment:` of the job; '' for none. */
  readonly environment: string;
  /**
   * Repositories that were made, renamed or moved since 2026-07-15 have their numbers in the subject.
   * https://github.com/github/docs/blob/main/content/actions/reference/security/oidc.md
   */
  readonly immutableSubject: boolean;
}

/** A job of the branch main, without an environment, in a repository from before the numbers. */
export const MAIN_JOB: WorkflowIdentity = {
  repository: 'acme/agent',
  ownerId: '1001',
  repositoryId: '2002',
  ref: 'refs/heads/main',
  environment: '',
  immutableSubject: false,
};

/** `repo:acme/agent:environment:production`, or with numbers: `repo:acme@1001/agent@2002:ref:refs/heads/main`. */
export function subjectOf({ repository, ownerId, repositoryId, ...identity }: WorkflowIdentity): string {
  const [owner = '', name = ''] = repository.split('/');
  const named = identity.immutableSubject ? `${owner}@${ownerId}/${name}@${repositoryId}` : repository;
  const context = identity.environment === '' ? `ref:${identity.ref}` : `environment:${identity.environment}`;
  return `repo:${named}:${context}`;
}
