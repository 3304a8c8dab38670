import { describe, expect, test } from '@jest/globals';
import { emptyRecord, type Forecast } from '../../../src/model/outcome.ts';
import { describeForecast } from '../../../src/report/forecast.ts';
import { noRunFacts } from '../../../src/report/run-facts.ts';
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
  size: { before: '1 vCPU', now: '1 vCPU' },
  warnings: [],
  copies: [copy],
  restores: 'agent:41',
  inTheWay: null,
  steps: ['Roll out the new revision.', 'Smoke-test the live service.'],
  smokeTests: ['GET /health'],
};

describe('the text of a plan', () => {
  test.each<[string, Partial<Forecast>, string]>([
    ['how much is missing', {}, 'Blobs to copy: 3 (1.5 MB); already present: 2.'],
    [
      'a part of an image',
      { copies: [{ ...copy, platforms: ['linux/amd64'] }] },
      'Only linux/amd64 would be copied, so the digest differs from that of the source.',
    ],
    [
      'its referrers',
      { copies: [{ ...copy, referrers: { missing: 2, present: 1 } }] },
      'Referrers (signatures, SBOMs, provenance) to copy: 2; already present: 1.',
    ],
    ['a new tag', {}, 'The tag v2 would be created.'],
    [
      'a tag that moves',
      { copies: [{ ...copy, tags: [{ name: 'v2', now: other }] }] },
      `The tag v2 points to ${other} and would be moved`,
    ],
    [
      'a tag that is right',
      { copies: [{ ...copy, tags: [{ name: 'v2', now: digest }] }] },
      'The tag v2 already points to this digest.',
    ],
    ['an image that is already present', { copies: [{ ...copy, isThere: true }] }, 'no blobs would be copied'],
    ['a difference', {}, 'Would change: container web: environment variable LOG_LEVEL changed'],
    ['a size', { size: { before: '1 vCPU', now: null } }, 'Would change: size 1 vCPU -> not set'],
    ['nothing to do', { unchanged: true, differences: [] }, 'the outcome would be unchanged'],
    ['the same configuration again', { differences: [] }, 'No difference from agent:41'],
    ['the rollback', {}, 'A rollback would restore agent:41.'],
    [
      'the rollback of a first deployment',
      { restores: null },
      'The service does not exist yet: a rollback would delete what the deployment creates.',
    ],
    ['that there is no other deployment', {}, 'No other deployment is in progress.'],
    [
      'that there is another deployment',
      {
        inTheWay:
          'Another deployment is in progress: agent:42 is IN_PROGRESS. A deployment would wait for it to finish.',
      },
      'Another deployment is in progress: agent:42 is IN_PROGRESS. A deployment would wait for it to finish.',
    ],
    ['the smoke tests', {}, 'Smoke tests that would run: GET /health'],
    ['that there are no smoke tests', { smokeTests: [] }, 'so none would run'],
  ])('names %s', (_, change, expected) => {
    expect(describeForecast({ ...forecast, ...change }).join('\n')).toContain(expected);
  });

  test('is in the summary, escaped, in place of the smoke tests', () => {
    const record = { ...emptyRecord(0), forecast: { ...forecast, inTheWay: '<b>@here' } };
    const rest = {
      revision: 'agent:41',
      previousRevision: null,
      failure: null,
      diagnosis: null,
      rollback: null,
      notes: [],
    };
    const text = renderSummary({ outcome: { kind: 'planned', ...rest }, record, run: noRunFacts });
    expect(text).toContain('📝 Plan for the service: nothing was changed');
    expect(text).toContain('### Plan\n\n- ');
    expect(text).toContain('\n1. Roll out the new revision.\n2. Smoke-test the live service.\n');
    expect(text).not.toMatch(/<b>|@here|### Smoke tests/);
  });
});
