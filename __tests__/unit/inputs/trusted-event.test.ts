import { describe, expect, test } from '@jest/globals';
import { ensureTrustedEvent } from '../../../src/inputs/trusted-event.ts';
import { memoryFiles } from '../../fixtures/fake-io.ts';

const PATH = '/temp/event.json';

/** What it is refused with, or `null`. */
function refusalOf(
  event: string,
  payload: unknown,
  { allowUntrustedEvent = false, repository = 'acme/agent' } = {},
): string | null {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const files = memoryFiles(new Map(payload === undefined ? [] : [[PATH, text]]));
  const env = { GITHUB_EVENT_NAME: event, GITHUB_EVENT_PATH: PATH, GITHUB_REPOSITORY: repository };
  try {
    ensureTrustedEvent({ allowUntrustedEvent }, { env, files });
    return null;
  } catch (error) {
    expect(error).toMatchObject({ code: 'UNTRUSTED_EVENT' });
    return (error as Error).message;
  }
}

const from = (full_name: string | null) => ({
  pull_request: { head: { repo: full_name === null ? null : { full_name } } },
});
const ranAfter = (event: string, full_name: string | null) => ({
  workflow_run: { event, head_repository: full_name === null ? null : { full_name } },
});

describe('an event', () => {
  test.each([
    ['push', {}],
    ['push', undefined],
    ['workflow_dispatch', {}],
    ['schedule', {}],
    ['release', {}],
    ['merge_group', {}],
    ['pull_request', from('acme/agent')],
    ['pull_request', from('Acme/Agent')],
    ['pull_request_review', from('acme/agent')],
    ['workflow_run', ranAfter('push', 'acme/agent')],
    ['workflow_run', ranAfter('schedule', 'acme/agent')],
  ])('of code of this repository is trusted: %s %j', (event, payload) => {
    expect(refusalOf(event, payload)).toBeNull();
  });

  test.each([
    ['pull_request_target', from('acme/agent'), 'anyone can cause it'],
    ['issue_comment', {}, 'anyone can cause it'],
    ['pull_request', from('mallory/agent'), 'the pull request has code of mallory/agent, not of acme/agent'],
    ['pull_request_review', from('mallory/agent'), 'code of mallory/agent'],
    ['pull_request', from(null), 'code of an unknown repository'],
    ['pull_request', {}, 'code of an unknown repository'],
    ['pull_request', '{', 'code of an unknown repository'],
    ['pull_request', undefined, 'code of an unknown repository'],
    ['workflow_run', ranAfter('push', 'mallory/agent'), 'the workflow before it ran code of mallory/agent'],
    ['workflow_run', ranAfter('pull_request', 'acme/agent'), 'the workflow before it ran for the event pull_request'],
    ['workflow_run', ranAfter('pull_request_target', 'acme/agent'), 'ran for the event pull_request_target'],
    ['workflow_run', ranAfter('push', null), 'code of an unknown repository'],
    ['workflow_run', {}, 'code of an unknown repository'],
  ])('of code of others is refused unless that is allowed: %s %j', (event, payload, says) => {
    expect(refusalOf(event, payload)).toContain(`could not deploy for the event ${event}: `);
    expect(refusalOf(event, payload)).toContain(says);
    expect(refusalOf(event, payload, { allowUntrustedEvent: true })).toBeNull();
  });

  test.each([
    ['pull_request', from(null)],
    ['pull_request', from('')],
    ['workflow_run', ranAfter('push', null)],
  ])('whose two repositories are both unknown is refused: %s %j', (event, payload) => {
    expect(refusalOf(event, payload, { repository: '' })).toContain('code of an unknown repository');
  });

  test('is refused with one short line, whatever its payload names', () => {
    const refusal = refusalOf('pull_request', from(`mallory/a\n::error::${'x'.repeat(1_000)}`))!;
    expect(refusal).toContain(`code of mallory/a ::error::${'x'.repeat(121)}, not of acme/agent`);
  });
});
