import { expect, test } from '@jest/globals';
import { emptyRecord, endAs, OUTCOME_KINDS, type OutcomeKind } from '../../../src/model/outcome.ts';
import { headline, startHeadline } from '../../../src/report/headline.ts';
import { noRunFacts, type RunFacts } from '../../../src/report/run-facts.ts';

const requested = { image: null, service: 'team/agent', name: 'agent' };
const known: RunFacts = { ...noRunFacts, environment: 'production', requested };
const record = {
  ...emptyRecord(0),
  finishedAt: 922_000,
  resource: 'service agent in cluster main of arn:aws:ecs:eu-west-1:123456789012:cluster/main',
};

test.each<[OutcomeKind, string]>([
  ['deployed', 'Deployed agent to production'],
  ['previewed', 'Preview of agent in production is ready, with no traffic'],
  ['unchanged', 'Unchanged: agent in production is already live and healthy'],
  ['planned', 'Plan for agent in production: nothing was changed'],
  ['refused', 'Refused: agent was not deployed to production, and no workload was changed'],
  ['rolled-back', 'Failed and rolled back: the previous revision of agent in production was restored'],
  ['superseded', 'Superseded: a newer deployment of agent in production replaced this one, and was not touched'],
  ['kept', 'Failed: the new revision of agent in production was left in place as requested'],
  [
    'rollback-unconfirmed',
    'Failed; the rollback of agent in production was requested but not confirmed: check the service',
  ],
  ['rollback-failed', 'Failed, and the rollback of agent in production failed too: needs manual action now'],
])('the headline of %s has the short name, the environment and the time', (kind, sentence) => {
  const outcome = endAs(kind, { previousRevision: 'agent:1' });
  expect(headline({ outcome, record, run: known })).toBe(`${sentence} · 15m 22s`);
});

test.each(OUTCOME_KINDS)('the headline of %s is a sentence also where nothing is known', (kind) => {
  const said = headline({ outcome: endAs(kind), record: emptyRecord(0), run: noRunFacts });
  expect(said).toMatch(/the service/);
  expect(said).not.toMatch(/[{}·]|null| {2}/);
});

test('the start has both too', () => {
  expect(startHeadline(known, false)).toBe('Deployment of agent to production started');
  expect(startHeadline({ ...noRunFacts, requested }, false)).toBe('Deployment of agent started');
  expect(startHeadline(known, true)).toBe('Preview of agent in production started, with no traffic');
});

test('nothing failed before the rollback of a job that was cancelled', () => {
  const failure = { code: 'CANCELLED', message: 'the job was cancelled (SIGINT)', hint: null } as const;
  const sentences = OUTCOME_KINDS.map((kind) => headline({ outcome: endAs(kind, { failure }), record, run: known }));
  for (const sentence of sentences) expect(sentence).not.toMatch(/^Failed|too/);
  expect(sentences).toContain(
    'Cancelled, and the rollback of agent in production failed: needs manual action now · 15m 22s',
  );
});

test('a time below a second is not told', () => {
  const told = { outcome: endAs('refused'), record: { ...record, finishedAt: 999 }, run: known };
  expect(headline(told)).toMatch(/no workload was changed$/);
});
