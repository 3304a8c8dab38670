import { describe, expect, it } from '@jest/globals';
import { decideByService } from '../../../../../src/clouds/aws/ecs/decide-by-service.ts';

const [PREVIOUS, OURS, OTHER] = ['x/agent:41', 'x/agent:42', 'x/agent:43'];
const facts = { live: OURS, mark: OURS, previous: PREVIOUS, liveAtCapture: PREVIOUS, isUpdated: false };

describe('a rollback whose deployments can not be listed', () => {
  it('is requested while the service names ours', () => {
    expect(decideByService(facts)).toEqual({ act: 'update', force: false });
  });

  it('is requested once', () => {
    expect(decideByService({ ...facts, isUpdated: true })).toMatchObject({
      answer: { status: 'progressing', requested: true },
    });
  });

  it('touches no other deployment', () => {
    expect(decideByService({ ...facts, live: OTHER })).toMatchObject({ answer: { status: 'superseded' } });
  });

  it('is not known to be done, nor that there was nothing to do', () => {
    expect(decideByService({ ...facts, live: PREVIOUS })).toBeNull();
  });
});
