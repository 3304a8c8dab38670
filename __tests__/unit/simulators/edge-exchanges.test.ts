import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Exchange } from '../../../simulators/edge/calls.ts';
import { openStage, type Stage } from '../../fixtures/stage/open-stage.ts';

const url = 'https://cloud.test/thing';

let stage: Stage;
let seen: Exchange[];

beforeEach(async () => {
  stage = await openStage(() => ({ status: 201, body: 'made', headers: { 'x-simulated': 'yes' } }));
  seen = [];
  stage.edge.onExchange((exchange) => void seen.push(exchange));
});

afterEach(() => stage.close());

describe('an exchange', () => {
  it('is what the host was asked and what it answered', async () => {
    await stage.request({ url, method: 'POST', body: 'content' });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      operation: 'POST /thing',
      request: { method: 'POST', body: Buffer.from('content') },
      answer: { status: 201, body: 'made', headers: { 'x-simulated': 'yes' } },
    });
  });

  it('is there for an answer that is lost, and not for a request that is', async () => {
    stage.edge.faults.add({ operation: /thing/, nth: 1, when: 'before', act: { kind: 'status', status: 503 } });
    stage.edge.faults.add({ operation: /thing/, nth: 2, when: 'after', act: { kind: 'status', status: 500 } });
    const results = await stage.request({ url, method: 'POST' }, { url, method: 'POST' });
    expect(results.map(({ status }) => status)).toEqual([503, 500]);
    expect(seen.map(({ answer }) => answer.status)).toEqual([201]);
  });

  it('is none for an onlooker', async () => {
    await stage.edge.get(url);
    expect(seen).toEqual([]);
  });
});
