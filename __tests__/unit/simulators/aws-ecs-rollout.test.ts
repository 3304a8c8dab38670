import { StopServiceDeploymentCommand } from '@aws-sdk/client-ecs';
import { describe, expect, it } from '@jest/globals';
import { deploy, describeService, listTasks, newest, read, targetStates, waitForEnd } from './aws-ecs-calls.ts';
import { CLUSTER, SERVICE, Stage } from './aws-stage.ts';

describe('a good rolling deployment', () => {
  it('takes 60 to 90 seconds for 2 tasks and ends SUCCESSFUL', async () => {
    const stage = new Stage();
    stage.service();
    const started = stage.now;
    await deploy(stage, stage.image('v2'));
    const ended = await waitForEnd(stage);
    expect(ended.status).toBe('SUCCESSFUL');
    expect(ended.finishedAt?.getTime()).toBeGreaterThan(started + 60_000);
    expect(ended.finishedAt?.getTime()).toBeLessThan(started + 90_000);
    const service = await describeService(stage);
    expect(service.deployments).toHaveLength(1);
    expect(service.deployments?.[0]).toMatchObject({ status: 'PRIMARY', rolloutState: 'COMPLETED', runningCount: 2 });
    expect(service.runningCount).toBe(2);
    expect(service.events?.map(({ message }) => message?.split(':')[0])).toContain(
      '(service web) has reached a steady state.',
    );
  });

  it('never leaves the address without a healthy target, and ends with the new version only', async () => {
    const stage = new Stage();
    const url = stage.service({ desiredCount: 3 });
    await deploy(stage, stage.image('v2'));
    const seen: string[] = [];
    for (let second = 0; second < 120; second += 1) {
      stage.advance(1);
      const { status, body } = await stage.request(`${url}/health`);
      expect(status).toBe(200);
      expect((await targetStates(stage)).filter((state) => state === 'healthy').length).toBeGreaterThanOrEqual(3);
      seen.push(String(body));
    }
    expect(seen[0]).toBe('agent v1');
    expect(new Set(seen.slice(-10))).toEqual(new Set(['agent v2']));
  });

  it('keeps the old deployment in the list while its tasks drain', async () => {
    const stage = new Stage();
    stage.service({ staging: { deregistrationDelayMs: 300_000 } });
    await deploy(stage, stage.image('v2'));
    stage.advance(120);
    const during = await describeService(stage);
    expect(during.deployments?.map(({ status }) => status)).toEqual(['PRIMARY', 'ACTIVE']);
    expect(await targetStates(stage)).toEqual(expect.arrayContaining(['draining', 'healthy']));
    stage.advance(240);
    expect((await describeService(stage)).deployments).toHaveLength(1);
  });

  it('says IN_PROGRESS for a moment although the service is already steady', async () => {
    const stage = new Stage();
    stage.service({ staging: { completionLagMs: 20_000 } });
    await deploy(stage, stage.image('v2'));
    stage.advance(75);
    const [only, ...others] = (await describeService(stage)).deployments ?? [];
    expect(others).toEqual([]);
    expect(only).toMatchObject({ rolloutState: 'IN_PROGRESS', runningCount: 2, desiredCount: 2 });
    stage.advance(30);
    expect((await describeService(stage)).deployments?.[0]?.rolloutState).toBe('COMPLETED');
  });

  it('completes at once where no task is wanted', async () => {
    const stage = new Stage();
    stage.service({ desiredCount: 0 });
    await deploy(stage, stage.image('v2'));
    stage.advance(5);
    expect((await newest(stage)).status).toBe('SUCCESSFUL');
  });

  it('replaces a daemon and a service without a load balancer too', async () => {
    for (const options of [{ schedulingStrategy: 'DAEMON' as const, loadBalanced: false }, { loadBalanced: false }]) {
      const stage = new Stage();
      stage.service(options);
      await deploy(stage, stage.image('v2'));
      expect((await waitForEnd(stage)).status).toBe('SUCCESSFUL');
      const containers = (await listTasks(stage, 'RUNNING')).map((task) => task.containers?.[0]?.image);
      expect(containers).toEqual([stage.image('v2'), stage.image('v2')]);
    }
  });

  it('replaces one task after the other where no more than the desired ones may run', async () => {
    const stage = new Stage();
    stage.service({ minimumHealthyPercent: 50, maximumPercent: 100 });
    await deploy(stage, stage.image('v2'));
    let most = 0;
    for (let second = 0; second < 240; second += 5) {
      stage.advance(5);
      most = Math.max(most, (await listTasks(stage, 'RUNNING')).length);
    }
    expect(most).toBe(2);
    expect((await newest(stage)).status).toBe('SUCCESSFUL');
  });

  it('keeps as many healthy targets as minimumHealthyPercent asks for, and no more', async () => {
    const stage = new Stage();
    stage.service({ desiredCount: 4, minimumHealthyPercent: 50 });
    await deploy(stage, stage.image('v2'));
    const counts: number[] = [];
    for (let second = 0; second < 60; second += 1) {
      stage.advance(1);
      counts.push((await targetStates(stage)).filter((state) => state === 'healthy').length);
    }
    expect(Math.min(...counts)).toBe(2);
  });

  it('kills old tasks before the new ones are healthy where minimumHealthyPercent allows it', async () => {
    const stage = new Stage();
    const url = stage.service({ minimumHealthyPercent: 0 });
    await deploy(stage, stage.image('v2'));
    stage.advance(20);
    expect((await stage.request(url)).status).toBe(503);
  });
});

describe('a rollout in flight', () => {
  it('rolls back when it is stopped, although the breaker is off', async () => {
    const stage = new Stage();
    const url = stage.service();
    const before = (await describeService(stage)).taskDefinition;
    await deploy(stage, stage.image('v2'));
    stage.advance(30);
    const { serviceDeploymentArn } = await newest(stage);
    for (let times = 0; times < 2; times += 1) {
      await stage.ecs.send(new StopServiceDeploymentCommand({ serviceDeploymentArn, stopType: 'ROLLBACK' }));
    }
    expect((await newest(stage)).status).toBe('ROLLBACK_REQUESTED');
    stage.advance(5);
    expect((await newest(stage)).status).toBe('ROLLBACK_IN_PROGRESS');
    expect((await describeService(stage)).taskDefinition).toBe(before);
    expect((await waitForEnd(stage)).status).toBe('ROLLBACK_SUCCESSFUL');
    expect((await stage.request(url)).body).toBe('agent v1');
    await expect(
      stage.ecs.send(new StopServiceDeploymentCommand({ serviceDeploymentArn, stopType: 'ROLLBACK' })),
    ).rejects.toMatchObject({ name: 'ConflictException' });
  });

  it('rolls back although it became steady between the request and its start', async () => {
    const stage = new Stage();
    stage.service({ staging: { completionLagMs: 2_000 } });
    await deploy(stage, stage.image('v2'));
    stage.advance(5);
    const { serviceDeploymentArn } = await newest(stage);
    while ((await describeService(stage)).deployments?.length !== 1) stage.advance(1);
    stage.advance(1);
    await stage.ecs.send(new StopServiceDeploymentCommand({ serviceDeploymentArn }));
    expect((await waitForEnd(stage)).status).toBe('ROLLBACK_SUCCESSFUL');
  });

  it('is superseded by a newer one', async () => {
    const stage = new Stage();
    const url = stage.service();
    await deploy(stage, stage.image('v2'));
    stage.advance(20);
    const ours = await newest(stage);
    stage.cloud.foreignDeploy(CLUSTER, SERVICE, stage.image('v3'));
    stage.advance(4);
    expect((await read(stage, ours.serviceDeploymentArn)).status).toBe('STOPPED');
    const theirs = await newest(stage);
    expect(theirs.serviceDeploymentArn).not.toBe(ours.serviceDeploymentArn);
    expect((await waitForEnd(stage)).status).toBe('SUCCESSFUL');
    expect((await stage.request(url)).body).toBe('agent v3');
  });

  it('is listed only after a while, and until then the previous one looks current', async () => {
    const stage = new Stage();
    stage.service();
    const old = await newest(stage);
    const { service } = await deploy(stage, stage.image('v2'));
    expect(service?.currentServiceDeployment).toBe(old.serviceDeploymentArn);
    stage.advance(2);
    expect((await newest(stage)).serviceDeploymentArn).toBe(old.serviceDeploymentArn);
    stage.advance(1);
    const listed = await newest(stage);
    expect(listed.createdAt?.getTime()).toBeGreaterThan(old.createdAt?.getTime() ?? 0);
    expect((await describeService(stage)).currentServiceDeployment).toBe(listed.serviceDeploymentArn);
  });
});
