import { describe, expect, test } from '@jest/globals';
import { emptyRecord, type Outcome, type RunRecord } from '../../../src/model/outcome.ts';
import { codeBlock, codeSpan, escapeMarkdown } from '../../../src/report/escape.ts';
import { evidenceOf } from '../../../src/report/evidence.ts';
import { renderSummary } from '../../../src/report/summary.ts';

const digest = `sha256:${'a'.repeat(64)}`;

const failed: Outcome = {
  kind: 'rolled-back',
  revision: 'agent:41',
  previousRevision: 'agent:41',
  failure: { code: 'SMOKE_TEST_FAILED', message: 'smoke test "GET /health" failed: got 500', hint: 'Look at the log.' },
  diagnosis: {
    cause: '2 tasks stopped',
    hint: null,
    facts: ['task a: exit code 1'],
    logs: [{ source: 'web/1', lines: ['Traceback', '``` ::error::no'] }],
  },
  rollback: null,
  notes: ['agent:41 serves again'],
};

const record: RunRecord = {
  ...emptyRecord(1_800_000_000_000),
  finishedAt: 1_800_000_095_000,
  resource: 'service agent in cluster production',
  image: `ghcr.io/acme/agent@${digest}`,
  digest,
  url: 'https://agent.acme.dev/',
  phases: [{ name: 'Roll out', startedAt: 1_800_000_000_000, durationMs: 90_000 }],
  smokeTests: [{ name: 'GET /health', passed: false, attempts: 3, durationMs: 1_500, detail: 'got 500: "<b>|x"' }],
};

describe('the job summary', () => {
  const text = renderSummary(failed, record);

  test.each([
    ['the outcome', '`rolled-back`'],
    ['the service', 'service agent in cluster production'],
    ['the digest', digest],
    ['both revisions', 'before: `agent:41`, now: `agent:41`'],
    ['the cause', '2 tasks stopped'],
    ['the next step', '**Next step:** Look at the log.'],
    ['each smoke test', '| ❌ | `GET /health` | 3 | 1.5s |'],
    ['the duration of each phase', '| Roll out | 1m 30s |'],
    ['the total time', '| **Total** | 1m 35s |'],
  ])('shows %s', (_, part) => {
    expect(text).toContain(part);
  });

  test('holds no HTML and no table cell of a container', () => {
    expect(text).not.toContain('<b>');
    expect(text).toContain('&lt;b&gt;&#124;x');
  });

  test('names the only revision of a service that this run created', () => {
    const first: Outcome = { ...failed, kind: 'deployed', revision: 'agent:1', previousRevision: null, failure: null };
    expect(renderSummary(first, record)).toContain('| Revision | `agent:1`, the first of this service |');
  });

  test('says that the service is deleted where a first deployment was rolled back', () => {
    const first: Outcome = { ...failed, revision: null, previousRevision: null };
    expect(renderSummary(first, record)).toContain('Failed and rolled back: what this run created was deleted');
  });

  test('says that no smoke tests ran where none did', () => {
    expect(renderSummary(failed, { ...record, smokeTests: null })).toContain('### Smoke tests\n\nNo smoke tests ran.');
  });
});

test.each([
  ['https://agent.acme.dev', '<https://agent.acme.dev>'],
  ['https://agent.acme.dev/100%', '<https://agent.acme.dev/100%>'],
  ['https://agent.acme.dev/a|b c>d', '<https://agent.acme.dev/a%7cb%20c%3ed>'],
])('the address %s is shown as a link, in its cell', (url, link) => {
  expect(renderSummary(failed, { ...record, url })).toContain(`| URL | ${link} |`);
});

describe('text from outside', () => {
  test.each([
    ['<img src=x>', '&lt;img src=x&gt;'],
    ['[a](http://b)', '&#91;a&#93;(http&#58;//b)'],
    ['@acme/team', '&#64;acme/team'],
    ['a\n## b', 'a &#35;&#35; b'],
  ])('%j becomes plain text', (text, expected) => {
    expect(escapeMarkdown(text)).toBe(expected);
  });

  test('cannot end a code span or a code block', () => {
    expect(codeSpan('a`b``c')).toBe('```a`b``c```');
    expect(codeBlock(['````', 'x'])).toMatch(/^`{5}text\n/);
  });
});

test('the evidence is the record and the outcome as JSON, with times as text', () => {
  expect(evidenceOf(failed, record)).toMatchObject({
    schema: 1,
    outcome: 'rolled-back',
    digest,
    startedAt: '2027-01-15T08:00:00.000Z',
    finishedAt: '2027-01-15T08:01:35.000Z',
    failure: { code: 'SMOKE_TEST_FAILED' },
    phases: [{ name: 'Roll out', durationMs: 90_000 }],
  });
});
