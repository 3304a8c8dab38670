import { afterEach, expect, test } from '@jest/globals';
import { closeAgents, givenAgent } from './agent.ts';

afterEach(closeAgents);

const UPLOAD = 'registry:POST upload';

test.each([
  ['when the registry says so', { 'retry-after': '30' }, 30_000],
  ['by itself after a moment', {}, 1],
])('an upload that is refused with 429 is opened again %s, and the copy ends', async (_, headers, leastMs) => {
  const agent = await givenAgent();
  const image = agent.world.publish('v2', {});
  agent.world.edge.faults.add({
    operation: /POST upload$/,
    nth: 1,
    when: 'before',
    act: { kind: 'status', status: 429, headers },
  });
  const { main } = await agent.deploy({ image, 'smoke-tests': '- GET /health' });
  const uploads = agent.world.edge.calls.filter(({ operation }) => operation === UPLOAD);
  const refused = uploads.find(({ status }) => status === 429);
  expect(main).toMatchObject({ exitCode: 0, outputs: { outcome: 'deployed' } });
  expect(uploads.at(-1)!.at - refused!.at).toBeGreaterThanOrEqual(leastMs);
});
