import { readEvent } from '../io/event.ts';
import type { Io } from '../io/io.ts';
import { DeployError } from '../model/errors.ts';
import { textAt, valueAt } from '../model/json.ts';

/** Its secrets are those of this repository, and anyone can cause it, with code or text of their own. */
const BY_ANYONE = ['pull_request_target', 'issue_comment'];
const LONGEST_NAME = 140;

/**
 * Refuses events for which a workflow often runs, or builds from, code of people who may not push to this repository. What
 * the event says is read from the payload that the runner stored.
 * @throws DeployError UNTRUSTED_EVENT unless they are allowed
 */
export function ensureTrustedEvent(
  { allowUntrustedEvent }: { readonly allowUntrustedEvent: boolean },
  { env, files }: Pick<Io, 'env' | 'files'>,
): void {
  if (allowUntrustedEvent) return;
  const why = findDistrust(env, () => readEvent({ env, files }));
  if (why === null) return;
  throw new DeployError('UNTRUSTED_EVENT', `could not deploy for the event ${env['GITHUB_EVENT_NAME']}: ${why}`, {
    hint: 'Test on pull_request, and deploy on push to your branch (docs/security.md#events). To deploy all the same: `allow-untrusted-event: true`.',
  });
}

/** null: it runs code of this repository only. */
function findDistrust(env: Io['env'], readPayload: () => unknown): string | null {
  const event = env['GITHUB_EVENT_NAME'] ?? '';
  const repository = env['GITHUB_REPOSITORY'] ?? '';
  if (BY_ANYONE.includes(event)) return 'anyone can cause it, and it runs with the secrets of this repository';
  if (isPullRequest(event)) {
    return distrustHead(
      'the pull request has',
      textAt(readPayload(), 'pull_request', 'head', 'repo', 'full_name'),
      repository,
    );
  }
  if (event !== 'workflow_run') return null;
  const run = valueAt(readPayload(), 'workflow_run');
  const cause = textAt(run, 'event');
  if (isPullRequest(cause)) return `the workflow before it ran for the event ${cut(cause)}`;
  return distrustHead('the workflow before it ran', textAt(run, 'head_repository', 'full_name'), repository);
}

/** Reviews of a pull request and comments on them too: their payload names the same head. */
function isPullRequest(event: string): boolean {
  return event.startsWith('pull_request');
}

/** `head` '': a fork that was deleted, or a payload that can't be read. */
function distrustHead(what: string, head: string, repository: string): string | null {
  if (head !== '' && head.toLowerCase() === repository.toLowerCase()) return null;
  const whose = head === '' ? 'code of an unknown repository' : `code of ${cut(head)}, not of ${repository}`;
  return `${what} ${whose}`;
}

function cut(name: string): string {
  return name.replace(/\s+/g, ' ').slice(0, LONGEST_NAME);
}
