/** What to do with a commit that is older than the one that the environment has. */
export type OlderCommitPolicy = 'refuse' | 'warn' | 'allow';
