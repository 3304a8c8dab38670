/** Where paths in smoke tests begin: the repository's root on a runner. */
export function workspaceOf(env: Readonly<Record<string, string | undefined>>): string {
  return env['GITHUB_WORKSPACE'] || process.cwd();
}
