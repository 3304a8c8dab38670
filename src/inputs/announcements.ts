import type { AnnouncementOptions, Channel, GitHubOptions } from '../model/announcement.ts';
import type { StepInputs } from './step-inputs.ts';

/** What reads the input `notify`. It is loaded only where that is given: start is parsing, above all. */
export type ParseNotify = (text: string) => readonly Channel[];

export async function loadParseNotify(inputs: Pick<StepInputs, 'text'>): Promise<ParseNotify | null> {
  return inputs.text('notify') === '' ? null : (await import('./notify.ts')).parseNotify;
}

const LONGEST_ENVIRONMENT = 255;

/** Who is told how a run goes. `parseNotify` null: no channel. */
export function parseAnnouncements(inputs: StepInputs, parseNotify: ParseNotify | null): AnnouncementOptions {
  const channels = inputs.parsed('notify', parseNotify ?? (() => []), []);
  checkEnvironment(inputs);
  return { channels, github: parseGitHub(inputs) };
}

/** Reports read it where they are written. Whoever means the variables of the service is told so. */
function checkEnvironment(inputs: StepInputs): void {
  const name = inputs.text('environment');
  if (name.length <= LONGEST_ENVIRONMENT && !/[\r\n=]/.test(name)) return;
  const next = 'Did you mean `environment-variables`?';
  inputs.problem('environment', {
    given: 'a longer text',
    expected: 'the name of an environment, such as production',
    next,
  });
}

function parseGitHub(inputs: StepInputs): GitHubOptions | null {
  const token = inputs.text('github-token');
  const deployment = inputs.text('github-deployment') || null;
  const comment = inputs.boolean('github-comment', true);
  const check = inputs.choice('github-check', ['none', 'check', 'status'], 'none');
  const artifactRecord = inputs.boolean('github-artifact-record', false);
  if (token !== '') {
    if (artifactRecord && deployment === null && inputs.text('environment') === '') {
      const expected = 'the name of the environment, which a record of github-artifact-record has';
      inputs.problem('environment', { given: null, expected, next: 'Add `environment:` with it.' });
    }
    return { token, deployment, comment, check, artifactRecord };
  }
  for (const name of ['github-deployment', 'github-check', 'github-artifact-record']) {
    if (['', 'none', 'false'].includes(inputs.text(name))) continue;
    const next = 'Add `github-token:` with `github.token` in an expression, or remove it.';
    inputs.problem(name, { given: 'a value', expected: 'nothing while there is no github-token', next });
  }
  return null;
}
