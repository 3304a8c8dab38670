import { describe, expect, test } from '@jest/globals';
import type { RunService } from '../../../../../src/clouds/google/cloud-run/service.ts';
import {
  findRevision,
  getOperationEnd,
  getRevision,
  listServices,
  testPermissions,
} from '../../../../../src/clouds/google/cloud-run/typed-calls.ts';

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly data?: unknown;
  readonly signal?: AbortSignal;
}

const error = (status: number, word: string) =>
  Object.assign(new Error('Request failed'), {
    response: { status, data: { error: { code: status, status: word, message: 'no' } } },
  });
const ROOT = 'https://run.googleapis.com/v2/projects/acme/locations/europe-west1';

/** A service whose requests get these answers, one after the other; an Error is thrown. */
function givenRun(...answers: readonly unknown[]) {
  const sent: Sent[] = [];
  const slept: number[] = [];
  const cancel = new AbortController();
  const request = async (options: Sent) => {
    const answer = answers[Math.min(sent.push(options), answers.length) - 1];
    if (answer instanceof Error) throw answer;
    return { data: answer };
  };
  const clock = { sleep: async (ms: number) => void slept.push(ms) };
  const run = {
    ...{ project: 'acme', region: 'europe-west1', service: 'agent', resource: 'service agent' },
    credentials: { client: { request } },
    io: { clock },
    signal: cancel.signal,
  } as unknown as RunService;
  return { run, sent, slept, cancel };
}

describe('a revision', () => {
  test('is read with its conditions, and a word that is newer than Google’s types comes as it is', async () => {
    const conditions = [{ type: 'Ready', state: 'CONDITION_FAILED', revisionReason: 'A_NEWER_REASON' }];
    const { run, sent } = givenRun({ name: 'agent-one', conditions, logUri: 'https://x', futureMember: { deep: 1 } });
    expect(await getRevision(run, 'agent-one')).toEqual({ conditions, logUri: 'https://x' });
    expect(sent).toMatchObject([{ method: 'GET', url: `${ROOT}/services/agent/revisions/agent-one` }]);
  });

  test('that answers without conditions, or with something else in their place, has none', async () => {
    for (const document of [{}, { conditions: 'none' }, { conditions: [null, 1] }]) {
      expect(await getRevision(givenRun({ name: 'agent-one', ...document }).run, 'agent-one')).toMatchObject({
        conditions: [],
      });
    }
  });

  test('that is not there is null, and any other error is thrown', async () => {
    expect(await findRevision(givenRun(error(404, 'NOT_FOUND')).run, 'x')).toBeNull();
    const denied = givenRun(error(403, 'PERMISSION_DENIED')).run;
    await expect(findRevision(denied, 'x')).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: 'could not read revision x: run.revisions.get is missing',
    });
  });
});

describe('an operation', () => {
  const name = 'projects/acme/locations/europe-west1/operations/1';
  test.each([
    ['that goes on', { name }, null],
    ['that went well', { name, done: true, response: {} }, { error: null }],
    ['that failed', { name, done: true, error: { code: 13, message: 'boom' } }, { error: 'boom' }],
    ['that failed without a word', { name, done: true, error: { code: 13 } }, { error: 'code 13' }],
  ])('%s', async (_, document, expected) => {
    const { run, sent } = givenRun(document);
    expect(await getOperationEnd(run, name)).toEqual(expected);
    expect(sent).toMatchObject([{ method: 'GET', url: `https://run.googleapis.com/v2/${name}` }]);
  });
});

test('permissions are tested in one POST, and an answer without any is a failed read', async () => {
  const { run, sent } = givenRun({ permissions: ['run.services.get'] }, {});
  expect(await testPermissions(run, ['run.services.get', 'run.services.update'])).toEqual(['run.services.get']);
  await expect(testPermissions(run, ['run.services.get'])).rejects.toMatchObject({ code: 'NETWORK' });
  const data = { permissions: ['run.services.get', 'run.services.update'] };
  expect(sent[0]).toMatchObject({ method: 'POST', url: `${ROOT}/services/agent:testIamPermissions`, data });
});

describe('the list of services', () => {
  const page = (names: readonly string[], nextPageToken?: string) => ({
    services: names.map((name) => ({ name: `projects/acme/locations/europe-west1/services/${name}` })),
    ...(nextPageToken === undefined ? {} : { nextPageToken }),
  });

  test('has the short names of all pages, also after an empty one', async () => {
    const { run, sent } = givenRun(page(['a', 'b'], 'x&y'), page([], 'z'), page(['c']));
    expect(await listServices(run)).toEqual(['a', 'b', 'c']);
    expect(sent.map(({ url }) => url)).toEqual([
      `${ROOT}/services?pageSize=100`,
      `${ROOT}/services?pageSize=100&pageToken=x%26y`,
      `${ROOT}/services?pageSize=100&pageToken=z`,
    ]);
  });

  test('leaves out what is in another region, which a global endpoint may list', async () => {
    const there = { name: 'projects/1/locations/us-east1/services/agent' };
    const here = { name: 'projects/1/locations/europe-west1/services/worker' };
    expect(await listServices(givenRun({ services: [there, here] }).run)).toEqual(['worker']);
  });

  test('ends at 100 names, and after ten pages of a server that never ends', async () => {
    const full = givenRun(
      page(
        Array.from({ length: 120 }, (_, index) => `s${index}`),
        'more',
      ),
    );
    expect(await listServices(full.run)).toHaveLength(100);
    expect(full.sent).toHaveLength(1);
    const endless = givenRun(page([], 'again'));
    expect(await listServices(endless.run)).toEqual([]);
    expect(endless.sent).toHaveLength(10);
  });
});

describe('a read', () => {
  test.each([
    ['429', error(429, 'RESOURCE_EXHAUSTED')],
    ['503', error(503, 'UNAVAILABLE')],
  ])('is sent again after %s, with longer and longer pauses, four times in all', async (_, failure) => {
    const passing = givenRun(failure, failure, { name: 'x' });
    expect(await getRevision(passing.run, 'x')).toMatchObject({ conditions: [] });
    expect(passing.slept).toEqual([500, 1_000]);
    const lasting = givenRun(failure);
    await expect(getRevision(lasting.run, 'x')).rejects.toMatchObject({
      code: expect.stringMatching(/THROTTLED|NETWORK/),
    });
    expect(lasting.sent).toHaveLength(4);
  });

  test('is not sent again after a refusal', async () => {
    const { run, sent } = givenRun(error(400, 'INVALID_ARGUMENT'));
    await expect(testPermissions(run, [])).rejects.toMatchObject({ code: 'DEPLOY_REJECTED' });
    expect(sent).toHaveLength(1);
  });

  test('carries the signal of a cancel, and ends with the cancel’s reason', async () => {
    const { run, sent, cancel } = givenRun(new Error('aborted'));
    const reason = new Error('cancelled');
    const reading = getRevision(run, 'x');
    cancel.abort(reason);
    await expect(reading).rejects.toBe(reason);
    expect(sent[0]?.signal).toBe(cancel.signal);
  });

  test.each([
    ['<html>', 'the API answered with a web page instead of JSON'],
    ['', 'the answer is empty'],
    [null, 'the answer is not a JSON object'],
    [[], 'the answer is not a JSON object'],
    [{}, 'the answer has no name'],
  ])('that is answered %j says so, and is sent again', async (body, why) => {
    const lasting = givenRun(body);
    await expect(getRevision(lasting.run, 'x')).rejects.toMatchObject({
      code: 'NETWORK',
      message: `could not read revision x: ${why}`,
    });
    expect(lasting.sent).toHaveLength(4);
    const passing = givenRun(body, { name: 'x' });
    expect(await getRevision(passing.run, 'x')).toMatchObject({ conditions: [] });
  });
});
