import { describe, expect, test } from '@jest/globals';
import { emptyRecord, type Forecast } from '../../../src/model/outcome.ts';
import { describeForecast } from '../../../src/report/forecast.ts';
import { renderSummary } from '../../../src/report/summary.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const other = `sha256:${'b'.repeat(64)}`;
const copy = {
  source: `ghcr.io/acme/agent@${digest}`,
  destination: `registry.example/agent@${digest}`,
  platforms: null,
  tags: [{ name: 'v2', now: null }],
  referrers: null,
  isThere: false,
  missingBlobs: 3,
  missingBytes: 1_500_000,
  presentBlobs: 2,
};
const forecast: Forecast = {
  unchanged: false,
  differences: ['container web: environment variable LOG_LEVEL changed'],
  copies: [copy],
  restores: 'agent:41',
  busy: null,
  steps: ['Roll out the new revision.', 'Smoke-test the live service.'],
  smokeTests: ['GET /health'],
};

describe('the words for a plan', () => {
  test.each<[string, Partial<Forecast>, string]>([
    ['how much is missing', {}, '3 blobs (1.5 MB) are missing there, 2 are there.'],
    [
      'a part of an image',
      { copies: [{ ...copy, platforms: ['linux/amd64'] }] },
      'Only linux/amd64 would be there, so its digest is not the source’s.',
    ],
    [
      'what refers to it',
      { copies: [{ ...copy, referrers: { missing: 2, present: 1 } }] },
      'Of what refers to it (signatures, SBOMs, provenance), 2 would be copied, 1 are there.',
    ],
    ['a free tag', {}, 'The tag v2 is free there'],
    [
      'a tag that moves',
      { copies: [{ ...copy, tags: [{ name: 'v2', now: other }] }] },
      `The tag v2 names ${other} there, and would be moved`,
    ],
    [
      'a tag that is right',
      { copies: [{ ...copy, tags: [{ name: 'v2', now: digest }] }] },
      'The tag v2 names it there already.',
    ],
    ['an image that is there', { copies: [{ ...copy, isThere: true }] }, 'no blob would be copied'],
    ['a difference', {}, 'Would change: container web: environment variable LOG_LEVEL changed'],
    ['nothing to do', { unchanged: true, differences: [] }, 'a deploy would end as unchanged'],
    ['a deploy of the same', { differences: [] }, 'No difference from agent:41'],
    ['the way back', {}, 'A revert would put back agent:41.'],
    ['that nobody else deploys', {}, 'No other deployment is running.'],
    [
      'that somebody else deploys',
      { busy: 'agent:42 is IN_PROGRESS' },
      'Another deployment is running: agent:42 is IN_PROGRESS.',
    ],
    ['the smoke tests', {}, 'Smoke tests that would run: GET /health'],
    ['that there are no smoke tests', { smokeTests: [] }, 'none would run'],
  ])('tell %s', (_, change, expected) => {
    expect(describeForecast({ ...forecast, ...change }).join('\n')).toContain(expected);
  });

  test('are in the summary, escaped, in place of the smoke tests', () => {
    const record = { ...emptyRecord(0), forecast: { ...forecast, busy: '<b>@here' } };
    const rest = { revision: 'agent:41', previousRevision: null, failure: null, diagnosis: null, notes: [] };
    const text = renderSummary({ kind: 'planned', ...rest }, record);
    expect(text).toContain('📝 Planned: nothing was changed');
    expect(text).toContain('### Plan\n\n- ');
    expect(text).not.toMatch(/<b>|@here|### Smoke tests/);
  });
});
