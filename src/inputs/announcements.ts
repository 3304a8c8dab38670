import type { AnnouncementOptions, Channel, GitHubOptions, TraceOptions } from '../model/announcement.ts';
import type { StepInputs } from './step-inputs.ts';

/** What reads `notify` and `otlp-…`. It is loaded only where these are given: start is parsing, above all. null: not given. */
export interface AnnouncementParsers {
  readonly notify: ((text: string) => readonly Channel[]) | null;
  readonly traces: ((inputs: StepInputs) => TraceOptions | null) | null;
}

export const noParsers: AnnouncementParsers = { notify: null, traces: null };

export async function loadAnnouncementParsers(inputs: Pick<StepInputs, 'text'>): Promise<AnnouncementParsers> {
  return {
    notify: inputs.text('notify') === '' ? null : (await import('./notify.ts')).parseNotify,
    traces: inputs.text('otlp-endpoint') === '' ? null : (await import('./traces.ts')).parseTraces,
  };
}

const LONGEST_ENVIRONMENT = 255;

/** Who is told how a run goes. */
export function parseAnnouncements(inputs: StepInputs, parsers: AnnouncementParsers): AnnouncementOptions {
  const channels = inputs.parsed('notify', parsers.notify ?? (() => []), []);
  checkEnvironment(inputs);
  return { channels, github: parseGitHub(inputs), traces: parseTraces(inputs, parsers) };
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

function parseTraces(inputs: StepInputs, parsers: AnnouncementParsers): TraceOptions | null {
  const [endpoint, headers] = [inputs.text('otlp-endpoint'), inputs.text('otlp-headers')];
  if (endpoint === '' && headers !== '') {
    const next = 'Add `otlp-endpoint:`, or remove it.';
    inputs.problem('otlp-headers', { given: 'a value', expected: 'nothing while there is no otlp-endpoint', next });
  }
  return parsers.traces?.(inputs) ?? null;
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
