import { afterEach, describe, expect, test } from '@jest/globals';
import { REGION } from '../../simulators/world.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { mutations, refuse } from './refusal.ts';

afterEach(closeAgents);

const COLLECTOR = 'collector.example';
const STORAGE = `prod-${REGION}-starport-layer-bucket.s3.${REGION}.amazonaws.com`;
const challenge = { 'www-authenticate': `Bearer realm="https://${COLLECTOR}/token",service="x"` };

describe('the login for a registry is not sent elsewhere', () => {
  test('when the storage of its blobs asks for one', async () => {
    const agent = await givenAgent();
    const image = agent.world.publish('v2', {});
    const { faults } = agent.world.edge;
    const elsewhere = { status: 307, headers: { location: `https://${STORAGE}/blob` } };
    faults.add({ operation: /^registry:GET blob$/, when: 'before', act: { kind: 'status', ...elsewhere } });
    faults.add({
      operation: /^registry:GET storage$/,
      when: 'before',
      act: { kind: 'status', status: 401, headers: challenge },
    });
    const { failure } = await refuse(agent, { image });
    expect(failure).toMatchObject({ code: 'REGISTRY_FAILED' });
    expect(failure.message).toContain(`${STORAGE}, which ghcr.io points to, asks for a login`);
    expect([...agent.world.edge.unknownHosts]).not.toContain(COLLECTOR);
    expect(mutations(agent)).toEqual([]);
  });

  test('when the registry names a token service that is not its own', async () => {
    const agent = await givenAgent();
    const image = agent.world.publish('v2', {});
    agent.world.edge.faults.add({
      operation: /^registry:GET manifest$/,
      when: 'before',
      act: { kind: 'status', status: 401, headers: challenge },
    });
    const { failure } = await refuse(agent, { image });
    expect(failure.message).toBe(`could not log in to ghcr.io: ${COLLECTOR} is not one of its token services`);
    expect([...agent.world.edge.unknownHosts]).not.toContain(COLLECTOR);
  });
});
