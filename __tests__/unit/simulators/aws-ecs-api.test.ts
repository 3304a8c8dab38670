import {
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  DescribeTasksCommand,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  StopServiceDeploymentCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { describe, expect, it } from '@jest/globals';
import { CLUSTER, here, SERVICE, Stage } from './aws-stage.ts';

const app = { name: 'app', image: 'ghcr.io/acme/agent:v2' };
const family = 'web';

describe('services', () => {
  it('that are not there are failures of an answer with status 200', async () => {
    const stage = new Stage();
    stage.service();
    const command = new DescribeServicesCommand({ cluster: CLUSTER, services: [SERVICE, 'other'] });
    const { services, failures, $metadata } = await stage.ecs.send(command);
    expect($metadata.httpStatusCode).toBe(200);
    expect(services?.map(({ serviceName }) => serviceName)).toEqual([SERVICE]);
    const arn = 'arn:aws:ecs:eu-west-1:123456789012:service/production/other';
    expect(failures).toEqual([{ arn, reason: 'MISSING' }]);
  });

  it('can be missing for a while after they were created', async () => {
    const stage = new Stage();
    stage.service({ staging: { missingUntil: stage.now + 5_000 } });
    const command = new DescribeServicesCommand({ cluster: CLUSTER, services: [SERVICE] });
    expect((await stage.ecs.send(command)).failures).toHaveLength(1);
    stage.advance(5);
    expect((await stage.ecs.send(command)).services).toHaveLength(1);
  });

  it('of a cluster that is not there are an error', async () => {
    const stage = new Stage();
    stage.service();
    const command = new DescribeServicesCommand({ cluster: 'prod', services: [SERVICE] });
    await expect(stage.ecs.send(command)).rejects.toMatchObject({ name: 'ClusterNotFoundException' });
  });

  it('have tags only where they are asked for', async () => {
    const stage = new Stage();
    stage.service({ tags: [{ key: 'team', value: 'agents' }] });
    const names = { cluster: CLUSTER, services: [SERVICE] };
    expect((await stage.ecs.send(new DescribeServicesCommand(names))).services?.[0]?.tags).toBeUndefined();
    const withTags = await stage.ecs.send(new DescribeServicesCommand({ ...names, include: ['TAGS'] }));
    expect(withTags.services?.[0]?.tags).toEqual([{ key: 'team', value: 'agents' }]);
  });

  it('that CodeDeploy drives have no deployments and refuse a task definition', async () => {
    const stage = new Stage();
    stage.service({ deploymentController: 'CODE_DEPLOY' });
    const { services } = await stage.ecs.send(new DescribeServicesCommand({ cluster: CLUSTER, services: [SERVICE] }));
    expect(services?.[0]?.deployments).toBeUndefined();
    const update = new UpdateServiceCommand({ ...here, taskDefinition: family });
    await expect(stage.ecs.send(update)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });
});

describe('an update', () => {
  it('in which nothing differs starts no rollout', async () => {
    const stage = new Stage();
    stage.service();
    await stage.ecs.send(new UpdateServiceCommand({ ...here, taskDefinition: 'web:1' }));
    stage.advance(10);
    const { serviceDeployments } = await stage.ecs.send(new ListServiceDeploymentsCommand(here));
    expect(serviceDeployments).toHaveLength(1);
  });

  it('that forces a new deployment starts one of the same task definition', async () => {
    const stage = new Stage();
    stage.service();
    const { service } = await stage.ecs.send(new UpdateServiceCommand({ ...here, forceNewDeployment: true }));
    expect(service?.deployments?.map(({ taskDefinition }) => taskDefinition?.split('/')[1])).toEqual([
      'web:1',
      'web:1',
    ]);
  });

  it('of the desired count scales without a rollout', async () => {
    const stage = new Stage();
    stage.service();
    await stage.ecs.send(new UpdateServiceCommand({ ...here, desiredCount: 4 }));
    stage.advance(60);
    const { services } = await stage.ecs.send(new DescribeServicesCommand({ cluster: CLUSTER, services: [SERVICE] }));
    expect(services?.[0]).toMatchObject({ runningCount: 4, deployments: [{ rolloutState: 'COMPLETED' }] });
  });

  it('to a deregistered, an unknown or no service is refused', async () => {
    const stage = new Stage();
    stage.service();
    await stage.ecs.send(new RegisterTaskDefinitionCommand({ family, containerDefinitions: [app] }));
    stage.cloud.deregisterTaskDefinition('web:2');
    const update = (changes: { taskDefinition: string; service?: string }) =>
      stage.ecs.send(new UpdateServiceCommand({ ...here, ...changes }));
    await expect(update({ taskDefinition: 'web:2' })).rejects.toMatchObject({ message: 'TaskDefinition is inactive' });
    await expect(update({ taskDefinition: 'web:9' })).rejects.toMatchObject({ name: 'ClientException' });
    await expect(update({ taskDefinition: 'web:1', service: 'x' })).rejects.toMatchObject({
      name: 'ServiceNotFoundException',
    });
  });
});

describe('lists', () => {
  it('of service deployments come in pages, newest first, by state and time', async () => {
    const stage = new Stage();
    stage.service();
    for (let count = 0; count < 4; count += 1) {
      await stage.ecs.send(new UpdateServiceCommand({ ...here, forceNewDeployment: true }));
      stage.advance(10);
    }
    const arns: (string | undefined)[] = [];
    let nextToken: string | undefined;
    do {
      const command = new ListServiceDeploymentsCommand({
        ...here,
        maxResults: 2,
        ...(nextToken ? { nextToken } : {}),
      });
      const page = await stage.ecs.send(command);
      expect(page.serviceDeployments?.length).toBeLessThanOrEqual(2);
      arns.push(...(page.serviceDeployments ?? []).map(({ serviceDeploymentArn }) => serviceDeploymentArn));
      nextToken = page.nextToken;
    } while (nextToken);
    expect(new Set(arns).size).toBe(5);
    const list = async (filter: object) =>
      (await stage.ecs.send(new ListServiceDeploymentsCommand({ ...here, ...filter }))).serviceDeployments;
    expect((await list({ status: ['IN_PROGRESS'] }))?.map(({ serviceDeploymentArn }) => serviceDeploymentArn)).toEqual([
      arns[0],
    ]);
    expect(await list({ createdAt: { after: new Date(stage.now - 25_000) } })).toHaveLength(2);
    stage.advance(89.999 * 24 * 3_600);
    expect(await list({})).toHaveLength(4);
  });

  it('of tasks filter by one thing at a time', async () => {
    const stage = new Stage();
    stage.service();
    const { services } = await stage.ecs.send(new DescribeServicesCommand({ cluster: CLUSTER, services: [SERVICE] }));
    const startedBy = services?.[0]?.deployments?.[0]?.id ?? '';
    const list = (filter: object) => stage.ecs.send(new ListTasksCommand({ cluster: CLUSTER, ...filter }));
    expect((await list({ startedBy })).taskArns).toHaveLength(2);
    expect((await list({ serviceName: SERVICE, desiredStatus: 'STOPPED' })).taskArns).toEqual([]);
    await expect(list({ startedBy, serviceName: SERVICE })).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });

  it('of stopped tasks forget after an hour', async () => {
    const stage = new Stage();
    stage.service();
    stage.cloud.foreignDeploy(CLUSTER, SERVICE, stage.image('v2'));
    const list = () =>
      stage.ecs.send(new ListTasksCommand({ ...here, serviceName: SERVICE, desiredStatus: 'STOPPED' }));
    stage.advance(120);
    expect((await list()).taskArns).toHaveLength(2);
    stage.advance(3_600);
    expect((await list()).taskArns).toEqual([]);
  });
});

describe('what has an ARN', () => {
  it('and is not there is MISSING, or not found where it is to be stopped', async () => {
    const stage = new Stage();
    stage.service();
    const arn = 'arn:aws:ecs:eu-west-1:123456789012:service-deployment/production/web/none';
    const missing = [{ arn, reason: 'MISSING' }];
    const deployments = new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [arn] });
    expect((await stage.ecs.send(deployments)).failures).toEqual(missing);
    const revisions = new DescribeServiceRevisionsCommand({ serviceRevisionArns: [arn] });
    expect((await stage.ecs.send(revisions)).failures).toEqual(missing);
    const tasks = new DescribeTasksCommand({ cluster: CLUSTER, tasks: [arn] });
    expect((await stage.ecs.send(tasks)).failures).toEqual(missing);
    const stop = new StopServiceDeploymentCommand({ serviceDeploymentArn: arn });
    await expect(stage.ecs.send(stop)).rejects.toMatchObject({ name: 'ServiceDeploymentNotFoundException' });
  });

  it('leads from a service deployment to the images that really run', async () => {
    const stage = new Stage();
    stage.service();
    const { serviceDeployments } = await stage.ecs.send(new ListServiceDeploymentsCommand(here));
    const serviceRevisionArns = [serviceDeployments?.[0]?.targetServiceRevisionArn ?? ''];
    const { serviceRevisions } = await stage.ecs.send(new DescribeServiceRevisionsCommand({ serviceRevisionArns }));
    expect(serviceRevisions?.[0]).toMatchObject({
      taskDefinition: 'arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1',
      containerImages: [{ containerName: 'app', imageDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) }],
    });
  });
});

describe('tags of a service', () => {
  const tag = (key: string, value: string) => ({ key, value });

  async function given() {
    const stage = new Stage();
    stage.service({ tags: [tag('team', 'agents')] });
    const resourceArn = `arn:aws:ecs:eu-west-1:123456789012:service/${CLUSTER}/${SERVICE}`;
    const read = async () => {
      const command = new DescribeServicesCommand({ cluster: CLUSTER, services: [SERVICE], include: ['TAGS'] });
      return (await stage.ecs.send(command)).services?.[0]?.tags;
    };
    return { stage, resourceArn, read };
  }

  it('are replaced by key, and removed by key', async () => {
    const { stage, resourceArn, read } = await given();
    await stage.ecs.send(new TagResourceCommand({ resourceArn, tags: [tag('a', '1'), tag('team', 'web')] }));
    expect(await read()).toEqual([tag('a', '1'), tag('team', 'web')]);
    await stage.ecs.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a', 'never there'] }));
    expect(await read()).toEqual([tag('team', 'web')]);
  });

  it.each([
    ['a value of 257 characters', [tag('a', 'x'.repeat(257))]],
    ['a comma', [tag('a', '1,2')]],
    ['more than 50', Array.from({ length: 50 }, (_, index) => tag(`key ${index}`, ''))],
  ])('are refused: %s', async (_title, tags) => {
    const { stage, resourceArn } = await given();
    const command = new TagResourceCommand({ resourceArn, tags });
    await expect(stage.ecs.send(command)).rejects.toMatchObject({ name: 'InvalidParameterException' });
  });

  it('need the long form of the ARN', async () => {
    const { stage, resourceArn } = await given();
    const short = resourceArn.replace(`${CLUSTER}/`, '');
    const command = new TagResourceCommand({ resourceArn: short, tags: [tag('a', '1')] });
    await expect(stage.ecs.send(command)).rejects.toMatchObject({ message: expect.stringMatching(/Long arn format/) });
  });
});
