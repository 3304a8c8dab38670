import type { ServiceDeployment } from '@aws-sdk/client-ecs';
import { describe, expect, it, test } from '@jest/globals';
import { type DeploymentFacts, judgeDeployment } from '../../../../../src/clouds/aws/ecs/decide-observation.ts';

function judge(status: string, facts: Partial<DeploymentFacts> = {}, more: Partial<ServiceDeployment> = {}) {
  const ours = {
    status: status as NonNullable<ServiceDeployment['status']>,
    targetServiceRevision: { requestedTaskCount: 2, runningTaskCount: 1, pendingTaskCount: 1 },
    ...more,
  };
  return judgeDeployment({
    ours,
    newer: null,
    foreignLive: null,
    live: true,
    earlyFailure: null,
    desiredCount: 2,
    ...facts,
  });
}

describe('a deployment of ours', () => {
  it('goes on while it is pending or in progress, and says how far it is', () => {
    expect(judge('IN_PROGRESS')).toEqual({
      status: 'progressing',
      reason: 'IN_PROGRESS',
      message: '1 of 2 new tasks running, 1 pending (IN_PROGRESS)',
    });
    expect(judge('PENDING').status).toBe('progressing');
  });

  it('goes on in a status that AWS may add tomorrow', () => {
    expect(judge('TASTING').status).toBe('progressing');
  });

  it('says that it waits at a lifecycle hook', () => {
    const more: Partial<ServiceDeployment> = {
      lifecycleStage: 'POST_SCALE_UP',
      lifecycleHookDetails: [{ status: 'AWAITING_ACTION' }],
    };
    expect(judge('IN_PROGRESS', {}, more).message).toContain('POST_SCALE_UP, waits at a lifecycle hook');
  });

  it('has succeeded when AWS says so and it is live', () => {
    expect(judge('SUCCESSFUL')).toMatchObject({ status: 'succeeded', reason: 'SUCCESSFUL' });
  });

  it('has not succeeded when the service was scaled to 0: no task shows anything', () => {
    expect(judge('SUCCESSFUL', { desiredCount: 0 })).toMatchObject({ status: 'failed', reason: 'DEPLOY_FAILED' });
    expect(judge('SUCCESSFUL', { desiredCount: null })).toMatchObject({ status: 'succeeded' });
  });

  it('was overtaken when it succeeded but is not live', () => {
    expect(judge('SUCCESSFUL', { live: false })).toMatchObject({ status: 'failed', reason: 'SUPERSEDED' });
  });

  test.each(['ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'])(
    'has failed as soon as it is %s, with the reason and the alarms',
    (status) => {
      const more: Partial<ServiceDeployment> = {
        rollback: { reason: 'circuit breaker threshold exceeded' },
        alarms: { triggeredAlarmNames: ['errors-high'] },
      };
      const observation = judge(status, {}, more);
      expect(observation).toMatchObject({ status: 'failed', reason: 'ROLLED_BACK_BY_PLATFORM' });
      expect(observation.message).toContain(`${status}: circuit breaker threshold exceeded, alarms: errors-high`);
    },
  );

  test.each(['STOP_REQUESTED', 'STOPPED'])('has failed when it is %s', (status) => {
    expect(judge(status)).toMatchObject({ status: 'failed', reason: 'ROLLED_BACK_BY_PLATFORM' });
  });

  test.each(['PENDING', 'IN_PROGRESS', 'STOP_REQUESTED', 'STOPPED', 'SUCCESSFUL'])(
    'was overtaken when it is %s and somebody deployed later',
    (status) => {
      const expected = { status: 'failed', reason: 'SUPERSEDED', message: 'agent:43 was deployed after ours' };
      expect(judge(status, { newer: 'agent:43' })).toEqual(expected);
      expect(judge(status, { live: false, foreignLive: 'agent:43' })).toEqual(expected);
    },
  );

  it('was undone by the platform first, whoever deployed after that', () => {
    expect(judge('ROLLBACK_SUCCESSFUL', { newer: 'agent:43' }).reason).toBe('ROLLED_BACK_BY_PLATFORM');
  });

  it('goes on while the service still names what ran before', () => {
    expect(judge('IN_PROGRESS', { live: false }).status).toBe('progressing');
  });

  it('has failed when its tasks prove that it cannot work', () => {
    expect(judge('IN_PROGRESS', { earlyFailure: 'task 0f3c stopped' })).toEqual({
      status: 'failed',
      reason: 'DEPLOY_FAILED',
      message: 'task 0f3c stopped',
    });
  });
});
