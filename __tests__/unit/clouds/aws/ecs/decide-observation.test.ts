import type { ServiceDeployment } from '@aws-sdk/client-ecs';
import { describe, expect, it, test } from '@jest/globals';
import { type DeploymentFacts, decideObservation } from '../../../../../src/clouds/aws/ecs/decide-observation.ts';

function decide(status: string, facts: Partial<DeploymentFacts> = {}, more: Partial<ServiceDeployment> = {}) {
  const ours = {
    status: status as NonNullable<ServiceDeployment['status']>,
    targetServiceRevision: { requestedTaskCount: 2, runningTaskCount: 1, pendingTaskCount: 1 },
    ...more,
  };
  return decideObservation({
    ours,
    newer: null,
    foreignLive: null,
    live: true,
    earlyFailure: null,
    allowsEmpty: false,
    protectedTasks: null,
    desiredCount: 2,
    ...facts,
  });
}

describe('a deployment of ours', () => {
  it('goes on while it is pending or in progress, and says how far it is', () => {
    expect(decide('IN_PROGRESS')).toEqual({
      status: 'progressing',
      reason: 'IN_PROGRESS',
      message: '1 of 2 new tasks running, 1 pending (IN_PROGRESS)',
    });
    expect(decide('PENDING').status).toBe('progressing');
  });

  it('goes on in a status that AWS may add tomorrow', () => {
    expect(decide('TASTING').status).toBe('progressing');
  });

  it('says that it waits at a lifecycle hook', () => {
    const more: Partial<ServiceDeployment> = {
      lifecycleStage: 'POST_SCALE_UP',
      lifecycleHookDetails: [{ status: 'AWAITING_ACTION' }],
    };
    expect(decide('IN_PROGRESS', {}, more).message).toContain('POST_SCALE_UP, waits at a lifecycle hook');
  });

  it('has succeeded when AWS says so and it is live', () => {
    expect(decide('SUCCESSFUL')).toMatchObject({ status: 'succeeded', reason: 'SUCCESSFUL' });
  });

  it('has not succeeded when the service was scaled to 0: no task shows anything', () => {
    expect(decide('SUCCESSFUL', { desiredCount: 0 })).toMatchObject({
      status: 'failed',
      as: 'DEPLOY_FAILED',
      reason: 'DEPLOY_FAILED',
    });
    expect(decide('SUCCESSFUL', { desiredCount: null })).toMatchObject({ status: 'succeeded' });
  });

  it('was superseded when it succeeded but is not live', () => {
    expect(decide('SUCCESSFUL', { live: false })).toMatchObject({
      status: 'failed',
      as: 'SUPERSEDED',
      reason: 'SUPERSEDED',
    });
  });

  test.each(['ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'])(
    'has failed as soon as it is %s, with the reason and the alarms',
    (status) => {
      const more: Partial<ServiceDeployment> = {
        rollback: { reason: 'circuit breaker threshold exceeded' },
        alarms: { triggeredAlarmNames: ['errors-high'] },
      };
      const observation = decide(status, {}, more);
      expect(observation).toMatchObject({
        status: 'failed',
        as: 'ROLLED_BACK_BY_PLATFORM',
        reason: 'ROLLED_BACK_BY_PLATFORM',
      });
      expect(observation.message).toContain(`${status}: circuit breaker threshold exceeded, alarms: errors-high`);
    },
  );

  test.each(['STOP_REQUESTED', 'STOPPED'])('has failed when it is %s', (status) => {
    expect(decide(status)).toMatchObject({
      status: 'failed',
      as: 'ROLLED_BACK_BY_PLATFORM',
      reason: 'ROLLED_BACK_BY_PLATFORM',
    });
  });

  test.each(['PENDING', 'IN_PROGRESS', 'STOP_REQUESTED', 'STOPPED', 'SUCCESSFUL'])(
    'was superseded when it is %s and there is a newer deployment',
    (status) => {
      const expected = {
        status: 'failed',
        as: 'SUPERSEDED',
        reason: 'SUPERSEDED',
        message: 'agent:43 was deployed after ours',
      };
      expect(decide(status, { newer: 'agent:43' })).toEqual(expected);
      expect(decide(status, { live: false, foreignLive: 'agent:43' })).toEqual(expected);
    },
  );

  it('was rolled back by the platform first, whatever was deployed after that', () => {
    expect(decide('ROLLBACK_SUCCESSFUL', { newer: 'agent:43' })).toMatchObject({ as: 'ROLLED_BACK_BY_PLATFORM' });
  });

  it('goes on while the service still names the previous revision', () => {
    expect(decide('IN_PROGRESS', { live: false }).status).toBe('progressing');
  });

  it('has failed when its tasks prove that it cannot work', () => {
    expect(decide('IN_PROGRESS', { earlyFailure: 'task 0f3c stopped' })).toEqual({
      status: 'failed',
      as: 'DEPLOY_FAILED',
      reason: 'DEPLOY_FAILED',
      message: 'task 0f3c stopped',
    });
  });
});
