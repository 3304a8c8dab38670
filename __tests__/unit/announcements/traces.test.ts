import { describe, expect, test } from '@jest/globals';
import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { readTraceRequest } from '../../../simulators/opentelemetry/trace-request.ts';
import { encodeTrace } from '../../../src/announcements/traces/send-trace.ts';
import { traceOf } from '../../../src/announcements/traces/spans.ts';
import { emptyRecord, endAs, OUTCOME_KINDS, type RunRecord } from '../../../src/model/outcome.ts';
import type { Evidence } from '../../../src/report/evidence.ts';
import { noRunFacts } from '../../../src/report/run-facts.ts';

const failure = { code: 'ROLLBACK_FAILED', message: 'could not restore agent:1', hint: null } as const;
const record: RunRecord = {
  ...emptyRecord(1_800_000_000_000),
  finishedAt: 1_800_000_300_000,
  ...{ resource: 'service agent', image: `ghcr.io/acme/agent@sha256:${'a'.repeat(64)}`, deployment: 'd-1' },
  phases: [
    { name: 'Roll out', startedAt: 1_800_000_000_000, durationMs: 90_500 },
    { name: 'Roll back', startedAt: 1_800_000_200_000, durationMs: 100_000 },
  ],
  traffic: [{ at: 1_800_000_100_000, asked: 5, inForce: 20, why: '1 of 5 replicas' }],
  analyses: [{ share: '20%', startedAt: 1_800_000_100_000, passedRounds: 3, roundsWithoutData: 0, passed: false }],
  smokeTests: [],
};
const run = {
  ...noRunFacts,
  ...{ repository: 'acme/agent', repositoryUrl: 'https://github.com/acme/agent', commit: 'c'.repeat(40), ref: 'main' },
  ...{ actor: 'octocat', environment: 'production', runUrl: 'https://github.com/acme/agent/actions/runs/1' },
  requested: { image: null, service: 'agent', name: 'agent' },
};
const outcome = endAs('rollback-failed', {
  ...{ failure, rollback: { failure, command: 'x' }, revision: 'agent:2', previousRevision: 'agent:1' },
});
const names = { workflow: 'Deploy', job: 'production', runId: '1' };
const whole: Evidence = { outcome, record, run };

describe('a trace', () => {
  test('has only attributes of the semantic conventions, and our own by their prefix', () => {
    const known = new Set<unknown>(Object.values(conventions).filter((value) => typeof value === 'string'));
    const { resource, root, children } = traceOf(whole, names);
    const given = [resource, root.attributes, ...children.map(({ attributes }) => attributes)].flatMap(Object.keys);
    expect(given.length).toBeGreaterThan(25);
    expect(given.filter((name) => !name.startsWith('deploy_agent.') && !known.has(name))).toEqual([]);
  });

  test.each(OUTCOME_KINDS)('of %s has values that the semantic conventions list', (kind) => {
    const results = Object.entries(conventions).filter(([name]) =>
      /TASK_RUN_RESULT_VALUE|DEPLOYMENT_STATUS_VALUE/.test(name),
    );
    const { root } = traceOf({ ...whole, outcome: { ...outcome, kind } }, names);
    for (const name of ['cicd.pipeline.task.run.result', 'deployment.status']) {
      expect(results.map(([, value]) => value)).toContain(root.attributes[name]);
    }
  });

  test('is an error where the deployment is, as are the rollback that failed and the share whose checks failed', () => {
    const { root, children } = traceOf(whole, names);
    expect(root.error).toBe('could not restore agent:1');
    expect(children.map(({ name, error }) => [name, error])).toEqual([
      ['Roll out', null],
      ['Roll back', 'could not restore agent:1'],
      ['Traffic at 20%', 'a check failed'],
    ]);
    // Until the rollback began.
    expect(children[2]).toMatchObject({ from: 1_800_000_100_000, to: 1_800_000_200_000 });
    expect(children[2]!.attributes).toMatchObject({ 'deploy_agent.traffic.asked_percent': 5 });
  });

  test('has its times to the nanosecond, and nothing that the protos do not describe', () => {
    const { body } = encodeTrace(traceOf(whole, names), {});
    const text = JSON.stringify(readTraceRequest(body));
    expect(text).toContain('"startTimeUnixNano":"1800000000000000000"');
    expect(text).toContain('"endTimeUnixNano":"1800000090500000000"');
    // Field 15 of the request, which it does not have.
    const unknown = Buffer.concat([body, Buffer.from([0x7a, 0x01, 0x41])]);
    expect(() => readTraceRequest(unknown)).toThrow('the protos describe another message');
  });

  test.each([
    '',
    'x',
    `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`,
    `00-${'1'.repeat(32)}-${'0'.repeat(16)}-01`,
    '00-zz-1-01',
  ])('has an ID of its own where TRACEPARENT is "%s"', (TRACEPARENT) => {
    const { traceId, body } = encodeTrace(traceOf(whole, names), { TRACEPARENT });
    expect(traceId).toMatch(/^(?!0{32}|1{32})[0-9a-f]{32}$/);
    expect(JSON.stringify(readTraceRequest(body))).toContain(traceId);
  });
});
