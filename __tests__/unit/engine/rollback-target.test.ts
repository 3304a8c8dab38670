import { describe, expect, test } from '@jest/globals';
import { deploy } from '../../../src/engine/deploy.ts';
import type { Rollout } from '../../../src/engine/rollout.ts';
import type { RollbackTarget } from '../../../src/model/restore-point.ts';
import { rolling } from '../../../src/strategies/rolling.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';
import { scriptedRollout } from '../../fixtures/scripted-rollout.ts';
import { scriptedWorkload } from '../../fixtures/scripted-workload.ts';

const purged = { message: 'agent:41 is about to be purged', hint: 'Keep an inactive revision.' };

function given(target: RollbackTarget, options: Partial<Rollout> = {}) {
  const io = fakeIo();
  const workload = scriptedWorkload({ rollbackTarget: async () => target });
  const steps = rolling.plan([], workload.capabilities);
  return { io, rollout: { ...scriptedRollout(workload, io, steps), ...options } };
}

describe('what a rollback would restore', () => {
  test.each(['there', 'unknown'] as const)('is no obstacle while its image is %s', async (state) => {
    const { rollout } = given({ images: ['ghcr.io/acme/agent:1'], obstacles: [] }, { findImage: async () => state });
    expect(await deploy(rollout)).toMatchObject({ kind: 'deployed' });
  });

  test('is refused before anything is touched, with everything that is missing and what to do', async () => {
    const target = { images: ['ghcr.io/acme/agent:1', 'ghcr.io/acme/agent:1'], obstacles: [purged] };
    const { rollout } = given(target, { findImage: async () => 'missing' });
    const refused = deploy(rollout);
    await expect(refused).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message:
        'could not guarantee a rollback of service agent to agent:41: agent:41 is about to be purged; its image ghcr.io/acme/agent:1 is not in the registry any more',
    });
    await expect(refused).rejects.toMatchObject({ hint: expect.stringContaining('allow-no-rollback: true') });
    expect(rollout.journal.read()).toBeNull();
  });

  test('lets the deployment pass on request, with a warning', async () => {
    const { io, rollout } = given({ images: [], obstacles: [purged] }, { allowNoRollback: true });
    expect(await deploy(rollout)).toMatchObject({ kind: 'deployed' });
    expect(io.printed.join()).toContain('Going on, as `allow-no-rollback: true` says');
  });
});
