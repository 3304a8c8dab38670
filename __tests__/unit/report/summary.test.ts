import { describe, expect, test } from '@jest/globals';
import { emptyRecord, type Outcome, type RunRecord } from '../../../src/model/outcome.ts';
import { codeBlock, codeSpan, escapeMarkdown } from '../../../src/report/escape.ts';
import { evidenceOf } from '../../../src/report/evidence.ts';
import { noRunFacts, type RunFacts } from '../../../src/report/run-facts.ts';
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
  const text = renderSummary({ outcome: failed, record, run: noRunFacts });

  test.each([
    ['the outcome', '`rolled-back`'],
    ['the service', 'service agent in cluster production'],
    ['the digest', digest],
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

  test('has both revisions where they differ, and no table that says nothing', () => {
    expect(text).not.toContain('| Revision |');
    const deployed: Outcome = { ...failed, kind: 'deployed', revision: 'agent:42', failure: null };
    expect(renderSummary({ outcome: deployed, record, run: noRunFacts })).toContain(
      '| Revision | `agent:41` | `agent:42` |',
    );
  });

  test('says of a cancelled job that it was cancelled, not that something failed', () => {
    const failure = { code: 'CANCELLED', message: 'the job was cancelled (SIGINT)', hint: null } as const;
    expect(renderSummary({ outcome: { ...failed, failure }, record, run: noRunFacts })).toMatch(
      /^## ↩️ Cancelled and rolled back: /,
    );
    const refused: Outcome = { ...failed, kind: 'refused', failure };
    expect(renderSummary({ outcome: refused, record, run: noRunFacts })).toMatch(
      /^## ❌ Cancelled: the service was not deployed/,
    );
  });

  test('shows the names in a next step as code, which nothing from outside can leave', () => {
    const failure = { ...failed.failure!, hint: 'Set `timeout`, not `<b>|`, ` or ``` # x' };
    const said = renderSummary({ outcome: { ...failed, failure }, record, run: noRunFacts });
    expect(said).toContain('Set&#32;`timeout`, not&#32;&lt;b&gt;&#124;,');
  });

  test('names the only revision of a service that this run created', () => {
    const first: Outcome = { ...failed, kind: 'deployed', revision: 'agent:1', previousRevision: null, failure: null };
    expect(renderSummary({ outcome: first, record, run: noRunFacts })).toContain(
      '| Revision | none: the first of this service | `agent:1` |',
    );
  });

  test('says that the service is deleted where a first deployment was rolled back', () => {
    const first: Outcome = { ...failed, revision: null, previousRevision: null };
    expect(renderSummary({ outcome: first, record, run: noRunFacts })).toContain(
      'Failed and rolled back: what this run created for the service was deleted',
    );
  });

  test('says that no smoke tests ran where none did', () => {
    expect(renderSummary({ outcome: failed, record: { ...record, smokeTests: null }, run: noRunFacts })).toContain(
      'No smoke tests ran.',
    );
  });
});

const run: RunFacts = {
  ...noRunFacts,
  repositoryUrl: 'https://github.com/acme/agent',
  commit: '9fceb02d0ae598e95dc970b74767f19372d61af8',
  commitMessage: 'Fix #7 for @acme',
  actor: 'octocat',
  environment: 'production',
  runUrl: 'https://github.com/acme/agent/actions/runs/4711',
  step: 'deploy-eu',
  requested: { image: 'ghcr.io/acme/agent:v2', service: 'agent', name: 'agent' },
};

describe('the start of the summary', () => {
  const lines = renderSummary({ outcome: failed, record, run }).split('\n');

  test('is the answer in one line, with the time that it took', () => {
    expect(lines[0]).toBe(
      '## ↩️ Failed and rolled back: the previous revision of agent in production was restored · 1m 35s',
    );
  });

  test('is then what was started, by whom, where, with links', () => {
    expect(lines[2]).toBe(
      [
        'service agent in cluster production',
        'Commit [9fceb02](<https://github.com/acme/agent/commit/9fceb02d0ae598e95dc970b74767f19372d61af8>) Fix &#35;&#8203;7 for &#64;&#8203;acme',
        'by octocat',
        'step `deploy-eu`',
        '[Service](<https://agent.acme.dev/>)',
        '[Log](<https://github.com/acme/agent/actions/runs/4711>)',
      ].join(' · '),
    );
  });

  test.each([
    [{ url: 'https://console.example/logs?a=b', command: null }, '[Service logs](<https://console.example/logs?a=b>)'],
    [{ url: null, command: 'kubectl logs deployment/agent' }, '\nkubectl logs deployment/agent\n'],
  ])('says where the logs of the service are: %j', (logs, said) => {
    for (const outcome of [failed, { ...failed, kind: 'deployed', failure: null } as const])
      expect(renderSummary({ outcome, record: { ...record, logs }, run })).toContain(said);
  });

  test('names no step that the runner has named', () => {
    expect(renderSummary({ outcome: failed, record, run: { ...run, step: '__acme_deploy-agent' } })).not.toContain(
      'step `',
    );
  });
});

describe('of a failure, the summary', () => {
  const text = renderSummary({ outcome: failed, record, run });

  test('shows what serves, why, the log, the next step and at last the events, in this order', () => {
    const parts = [
      '**Serving now:** `agent:41`',
      '### Why',
      '2 tasks stopped',
      'Traceback',
      '**Next step:**',
      'task a:',
    ];
    const places = parts.map((part) => text.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(text).toContain('<details><summary>Events and states: 1</summary>');
  });

  test('has each of several problems on a line of its own, and no list where a text has a dash', () => {
    const failure = { code: 'INPUT_INVALID', message: '2 invalid inputs:\n  - a - b\n  - c', hint: null } as const;
    expect(renderSummary({ outcome: { ...failed, failure }, record, run })).toContain(
      '2 invalid inputs:\n- a - b\n- c\n',
    );
  });

  test('shows a rollback that is not done first, with its command', () => {
    const rollback = { failure: { ...failed.failure!, message: 'it is denied' }, command: 'aws ecs update-service' };
    const said = renderSummary({
      outcome: { ...failed, kind: 'rollback-failed', revision: null, rollback },
      record,
      run,
    });
    expect(said).toMatch(/\*\*Serving now:\*\* unknown.*it is denied.*\naws ecs update-service\n.*### Why/s);
  });

  test('says what was to be deployed where, if it was refused with no more known than the inputs', () => {
    const refused = { ...failed, kind: 'refused', revision: null, previousRevision: null } as const;
    const said = renderSummary({ outcome: refused, record: emptyRecord(0), run });
    expect(said).toContain('Was to be deployed: `ghcr.io/acme/agent:v2` to agent');
    expect(text).not.toContain('Was to be deployed');
  });
});

describe('of a deployment, the summary', () => {
  const deployed: Outcome = {
    ...failed,
    ...{ kind: 'deployed', revision: 'agent:42', failure: null, diagnosis: null },
  };
  const changed: RunRecord = {
    ...record,
    differences: [
      `container web: image ghcr.io/acme/agent:v1 -> ghcr.io/acme/agent@${digest}`,
      'container web: environment variable LOG_LEVEL changed',
      'secret API_KEY added',
      'API_KEY becomes a secret',
    ],
    analyses: [{ share: '5%', startedAt: 0, passedRounds: 4, roundsWithoutData: 1, passed: true }],
    restoreCommand: 'aws ecs update-service --task-definition agent:41',
  };
  const text = renderSummary({ outcome: deployed, record: changed, run });

  test.each([
    ['both revisions', '| Revision | `agent:41` | `agent:42` |'],
    [
      'both images, short',
      `| Image of container web | \`ghcr.io/acme/agent:v1\` | \`ghcr.io/acme/agent@sha256:${'a'.repeat(12)}\` (\`v2\`) |`,
    ],
    ['a changed variable', '| container web: environment variable LOG&#95;LEVEL | present | changed |'],
    ['a new secret', '| secret API&#95;KEY | absent | added |'],
    ['another difference', '| API&#95;KEY becomes a secret |  | changed |'],
    ['how much of the analysis passed', '✅ Analysis: 1 of 1 traffic shares passed'],
    ['its rounds', '| ✅ | 5% | 4 | 1 |'],
    ['how many smoke tests passed', '❌ Smoke tests: 0 of 1 passed'],
    ['how to go back', '\naws ecs update-service --task-definition agent:41\n'],
  ])('shows %s', (_, part) => {
    expect(text).toContain(part);
  });

  test('lists the changes as attempted after a rollback', () => {
    const said = renderSummary({ outcome: failed, record: changed, run });
    expect(said).toContain('Attempted changes: 4');
    expect(said).not.toContain('| Image of');
  });

  test('has no table with an empty head', () => {
    expect(
      text.split('\n').filter((line, index, all) => /^\| ---/.test(all[index + 1] ?? '') && /\| +\|/.test(line)),
    ).toEqual([]);
  });
});

describe('a summary that would be too long for GitHub', () => {
  const lines = Array.from({ length: 300 }, (_, index) => `line ${index} ${'@'.repeat(400)}`);
  const tests = lines.map((name) => ({ ...record.smokeTests![0]!, name, detail: name }));
  const logs = lines.slice(0, 40).map((source) => ({ source, lines }));
  const whole: Outcome = {
    ...failed,
    failure: { ...failed.failure!, message: lines.join('\n') },
    diagnosis: { cause: lines[0]!, hint: lines[0]!, facts: lines, logs },
    notes: lines,
  };
  const text = renderSummary({ outcome: whole, record: { ...record, smokeTests: tests, differences: lines }, run });

  test('is cut in the middle of its parts, and says so', () => {
    expect(Buffer.byteLength(text)).toBeLessThan(1_048_576);
    expect(text).toMatch(/line 0 .* characters left out .*This summary was cut in the middle/s);
    expect(text).toContain('line 299');
  });

  test('still has all of its sections, and every block is closed', () => {
    for (const part of ['### Why', '**Next step:**', 'Smoke tests: 0 of', 'Duration:']) expect(text).toContain(part);
    expect(text.match(/^`{3,}/gm)!.length % 2).toBe(0);
    expect(text.match(/<details>/g)).toHaveLength(text.match(/<\/details>/g)!.length);
  });

  test('is left whole where it fits', () => {
    expect(renderSummary({ outcome: failed, record, run })).not.toContain('left out');
  });
});

test.each([
  ['https://agent.acme.dev', '<https://agent.acme.dev>'],
  ['https://agent.acme.dev/100%', '<https://agent.acme.dev/100%>'],
  ['https://agent.acme.dev/a|b c>d', '<https://agent.acme.dev/a%7cb%20c%3ed>'],
])('the address %s is shown as a link, in its cell', (url, link) => {
  expect(renderSummary({ outcome: failed, record: { ...record, url }, run: noRunFacts })).toContain(
    `| URL | ${link} |`,
  );
});

describe('text from outside', () => {
  test.each([
    ['<img src=x>', '&lt;img src=x&gt;'],
    ['[a](http://b)', '&#91;a&#93;(http&#58;//b)'],
    ['@acme/team', '&#64;&#8203;acme/team'],
    ['fixes #123, GH-4', 'fixes &#35;&#8203;123, GH-&#8203;4'],
    ['1. a', '1&#46; a'],
    ['- a', '&#45; a'],
    ['agent@sha256', 'agent&#64;sha256'],
    ['me@acme.dev', 'me&#64;&#8203;acme.dev'],
    [':tada: arn:aws:ecs', ':&#8203;tada: arn:aws:ecs'],
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
  expect(evidenceOf({ outcome: failed, record, run: noRunFacts })).toMatchObject({
    schema: 2,
    outcome: 'rolled-back',
    digest,
    startedAt: '2027-01-15T08:00:00.000Z',
    finishedAt: '2027-01-15T08:01:35.000Z',
    failure: { code: 'SMOKE_TEST_FAILED' },
    phases: [{ name: 'Roll out', durationMs: 90_000 }],
  });
});
