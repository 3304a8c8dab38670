import { GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { describe, expect, it } from '@jest/globals';
import { deploy, describeService, listTasks, newest, waitForEnd } from './aws-ecs-calls.ts';
import { CLUSTER, here, SERVICE, Stage } from './aws-stage.ts';

const crash = { afterMs: 1_500, exitCode: 1, logs: ['Traceback: no module named agent'] };
const breaker = { enable: true, rollback: true };

describe('a crash loop', () => {
  it('shows its first stopped task within 20 seconds, with exit code and log', async () => {
    const stage = new Stage();
    stage.service();
    await deploy(stage, stage.image('bad', { crash }));
    stage.advance(18);
    const [task] = await listTasks(stage, 'STOPPED');
    const service = await describeService(stage);
    expect(task).toMatchObject({
      lastStatus: 'STOPPED',
      stopCode: 'EssentialContainerExited',
      stoppedReason: 'Essential container in task exited',
      startedBy: service.deployments?.[0]?.id,
    });
    expect(task?.containers?.[0]).toMatchObject({ name: 'app', exitCode: 1, lastStatus: 'STOPPED' });
    const logStreamName = `ecs/app/${task?.taskArn?.split('/').at(-1)}`;
    const { events } = await stage.logs.send(new GetLogEventsCommand({ logGroupName: '/ecs/web', logStreamName }));
    expect(events?.map(({ message }) => message)).toEqual(crash.logs);
  });

  it('continues permanently without a breaker, slower and slower, while the old version serves', async () => {
    const stage = new Stage();
    const url = stage.service();
    await deploy(stage, stage.image('bad', { crash }));
    stage.advance(300);
    const early = (await newest(stage)).deploymentCircuitBreaker?.failureCount ?? 0;
    stage.advance(3_300);
    const record = await newest(stage);
    const late = record.deploymentCircuitBreaker?.failureCount ?? 0;
    expect(record.status).toBe('IN_PROGRESS');
    expect(record.deploymentCircuitBreaker?.status).toBe('DISABLED');
    expect(early).toBeGreaterThan(4);
    expect(late).toBeGreaterThan(early);
    expect(late - early).toBeLessThan(early * 5);
    expect((await stage.request(url)).body).toBe('agent v1');
  });

  it('is rolled back by the breaker after 3 failures, under a new deployment id', async () => {
    const stage = new Stage();
    const url = stage.service({ circuitBreaker: breaker });
    const before = await describeService(stage);
    await deploy(stage, stage.image('bad', { crash }));
    const ended = await waitForEnd(stage);
    const after = await describeService(stage);
    expect(ended).toMatchObject({ status: 'ROLLBACK_SUCCESSFUL', deploymentCircuitBreaker: { status: 'TRIGGERED' } });
    expect(ended.rollback?.reason).toMatch(/circuit breaker/);
    expect(ended.rollback?.serviceRevisionArn).toBe(ended.sourceServiceRevisions?.[0]?.arn);
    expect(after.taskDefinition).toBe(before.taskDefinition);
    expect(after.deployments?.[0]?.id).not.toBe(before.deployments?.[0]?.id);
    expect(after.events?.some(({ message }) => /deployment failed: tasks failed to start\.$/.test(message ?? ''))).toBe(
      true,
    );
    expect((await stage.request(url)).body).toBe('agent v1');
  });

  it('can leave its FAILED deployment in the list while a good one is on its way', async () => {
    const stage = new Stage();
    stage.service({ circuitBreaker: breaker, staging: { keepFailedDeploymentMs: 60_000 } });
    await deploy(stage, stage.image('bad', { crash }));
    await waitForEnd(stage);
    await deploy(stage, stage.image('v2'));
    stage.advance(10);
    const states = async () => (await describeService(stage)).deployments?.map(({ rolloutState }) => rolloutState);
    expect(await states()).toEqual(['IN_PROGRESS', 'COMPLETED', 'FAILED']);
    stage.advance(120);
    expect(await states()).toEqual(['COMPLETED']);
  });

  it('stops with a FAILED deployment where the breaker may not roll back', async () => {
    const stage = new Stage();
    stage.service({ circuitBreaker: { enable: true, rollback: false } });
    await deploy(stage, stage.image('bad', { crash }));
    expect((await waitForEnd(stage)).status).toBe('STOPPED');
    const service = await describeService(stage);
    expect(service.deployments?.map(({ rolloutState }) => rolloutState)).toEqual(['FAILED', 'COMPLETED']);
  });

  it('has nothing to go back to on a first deployment', async () => {
    const stage = new Stage();
    stage.service({ circuitBreaker: breaker, isNew: true, image: stage.image('bad', { crash }) });
    expect((await waitForEnd(stage)).status).toBe('ROLLBACK_FAILED');
  });

  it('can keep failedTasks at 0', async () => {
    const stage = new Stage();
    stage.service({ circuitBreaker: breaker, staging: { countsFailures: false } });
    await deploy(stage, stage.image('bad', { crash }));
    stage.advance(200);
    expect((await describeService(stage)).deployments?.[0]?.failedTasks).toBe(0);
    expect((await newest(stage)).status).toBe('IN_PROGRESS');
  });

  it('of a sidecar that is not essential leaves the task alone', async () => {
    const stage = new Stage();
    const containers = [
      { name: 'app', image: stage.image('v1'), portMappings: [{ containerPort: 80 }] },
      { name: 'sidecar', image: stage.image('sidecar', { crash }), essential: false },
    ];
    stage.service({ containers });
    stage.advance(60);
    const running = await listTasks(stage, 'RUNNING');
    expect(running.map(({ containers: all }) => all?.map(({ lastStatus }) => lastStatus))).toEqual([
      ['RUNNING', 'STOPPED'],
      ['RUNNING', 'STOPPED'],
    ]);
  });
});

describe('tasks that do not become healthy', () => {
  it('do not start without their image', async () => {
    const stage = new Stage();
    stage.service();
    await deploy(stage, 'ghcr.io/acme/agent:missing');
    stage.advance(20);
    const [task] = await listTasks(stage, 'STOPPED');
    expect(task?.stopCode).toBe('TaskFailedToStart');
    expect(task?.stoppedReason).toMatch(/^CannotPullContainerError: .*agent:missing: not found$/);
    expect(task?.containers?.[0]?.exitCode).toBeUndefined();
  });

  it('do not start without a secret', async () => {
    const stage = new Stage();
    const valueFrom = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:key';
    const secrets = [{ name: 'KEY', valueFrom }];
    stage.service({ containers: [{ name: 'app', image: stage.image('v1'), secrets }] });
    stage.cloud.removeSecret(valueFrom);
    await stage.ecs.send(new UpdateServiceCommand({ ...here, forceNewDeployment: true }));
    stage.advance(20);
    expect((await listTasks(stage, 'STOPPED'))[0]?.stoppedReason).toMatch(
      /^ResourceInitializationError: unable to pull secrets/,
    );
  });

  it('are replaced when their health checks fail, with the reason in target health and events', async () => {
    const stage = new Stage();
    stage.service();
    await deploy(stage, stage.image('bad', { answers: { '/': { status: 500 } } }));
    stage.advance(25);
    const arn = (await describeService(stage)).loadBalancers?.[0]?.targetGroupArn;
    stage.advance(10);
    const { message } =
      (await describeService(stage)).events?.find((event) => /unhealthy/.test(event.message ?? '')) ?? {};
    expect(message).toBe(
      `(service web) (port 8080) is unhealthy in (target-group ${arn}) due to (reason Health checks failed with these codes: [500])`,
    );
    stage.advance(40);
    expect((await listTasks(stage, 'STOPPED'))[0]?.stoppedReason).toBe(
      `Task failed ELB health checks in (target-group ${arn})`,
    );
  });

  it('that start slowly survive only with a grace period', async () => {
    for (const [healthCheckGracePeriodSeconds, status] of [
      [0, 'IN_PROGRESS'],
      [60, 'SUCCESSFUL'],
    ] as const) {
      const stage = new Stage();
      stage.service({ healthCheckGracePeriodSeconds });
      await deploy(stage, stage.image('slow', { readyAfterMs: 35_000 }));
      stage.advance(150);
      expect((await newest(stage)).status).toBe(status);
    }
  });

  it('are replaced when they turn bad after a while', async () => {
    const stage = new Stage();
    const url = stage.service();
    await deploy(stage, stage.image('v2', { unhealthyAfterMs: 100_000 }));
    expect((await waitForEnd(stage)).status).toBe('SUCCESSFUL');
    stage.advance(60);
    expect((await stage.request(url)).status).not.toBe(200);
    stage.advance(50);
    expect((await stage.request(url)).body).toBe('agent v2');
  });

  it('stay stuck where the target group was deleted', async () => {
    const stage = new Stage();
    stage.service();
    stage.cloud.setService(CLUSTER, SERVICE, { targetGroupDeleted: true });
    await deploy(stage, stage.image('v2'));
    stage.advance(900);
    expect((await newest(stage)).status).toBe('IN_PROGRESS');
  });

  it('wait for room', async () => {
    const stage = new Stage();
    stage.service({ staging: { capacity: 3 } });
    await deploy(stage, stage.image('v2'));
    stage.advance(10);
    const { events } = await describeService(stage);
    expect(events?.some(({ message }) => /was unable to place a task/.test(message ?? ''))).toBe(true);
  });
});
