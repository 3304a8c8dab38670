import { GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import {
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  StopServiceDeploymentCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import {
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { describe, expect, it } from '@jest/globals';
import { withoutAudit } from '../../../simulators/aws/snapshot.ts';
import { isObject } from '../../../simulators/json.ts';
import { CLUSTER, here, SERVICE, Stage } from './aws-stage.ts';

const lists = new ListServiceDeploymentsCommand(here);

describe('access', () => {
  it('is refused for a wrong secret, key or session token', async () => {
    const wrongSecret = new Stage({}, 'wrong');
    wrongSecret.service();
    await expect(wrongSecret.ecs.send(lists)).rejects.toMatchObject({ name: 'InvalidSignatureException' });
    await expect(wrongSecret.sts.send(new GetCallerIdentityCommand())).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
      $metadata: { httpStatusCode: 403 },
    });
    for (const options of [{ accessKeyId: 'OTHER' }, { sessionToken: 'token' }]) {
      const error = { name: 'UnrecognizedClientException' };
      await expect(new Stage(options).ecs.send(lists)).rejects.toMatchObject(error);
    }
  });

  it('is refused for a body that was changed after it was signed', async () => {
    const stage = new Stage();
    stage.service();
    const command = new ListTasksCommand({ cluster: CLUSTER });
    command.middlewareStack.add(
      (next) => async (args) => {
        (args.request as { body: string }).body = JSON.stringify({ cluster: 'prod-ucti' });
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low', name: 'tamper' },
    );
    await expect(stage.ecs.send(command)).rejects.toMatchObject({ name: 'InvalidSignatureException' });
  });

  it('ends when the session does', async () => {
    const stage = new Stage();
    stage.service();
    stage.cloud.expireCredentialsAt(stage.now + 60_000);
    await stage.ecs.send(lists);
    stage.advance(60);
    await expect(stage.ecs.send(lists)).rejects.toMatchObject({
      name: 'ExpiredTokenException',
      message: 'The security token included in the request is expired',
    });
  });

  it('to one action can be denied, in the words of IAM', async () => {
    const stage = new Stage();
    stage.service();
    stage.cloud.deny('ecs:StopServiceDeployment');
    const serviceDeploymentArn = 'arn:aws:ecs:eu-west-1:123456789012:service-deployment/production/web/x';
    await expect(stage.ecs.send(new StopServiceDeploymentCommand({ serviceDeploymentArn }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message:
        'User: arn:aws:sts::123456789012:assumed-role/deploy/github is not authorized to perform: ' +
        `ecs:StopServiceDeployment on resource: ${serviceDeploymentArn} because no identity-based policy allows ` +
        'the ecs:StopServiceDeployment action',
    });
  });
});

describe('calls', () => {
  it('are named as in a policy, and known to change something or not', async () => {
    const stage = new Stage();
    const [ecs] = stage.cloud.hosts;
    const name = (operation: string) =>
      ecs?.nameCall({
        method: 'POST',
        url: new URL('https://ecs.eu-west-1.amazonaws.com/'),
        headers: { 'x-amz-target': `AmazonEC2ContainerServiceV20141113.${operation}` },
        body: Buffer.from('{}'),
      });
    expect(name('UpdateService')).toEqual({ operation: 'ecs:UpdateService', mutates: true });
    expect(name('ListTasks')).toEqual({ operation: 'ecs:ListTasks', mutates: false });
  });

  it('are answered with a request id', async () => {
    const stage = new Stage();
    stage.service();
    expect((await stage.ecs.send(lists)).$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('the other services', () => {
  it('say who the caller is', async () => {
    const { Account, Arn } = await new Stage().sts.send(new GetCallerIdentityCommand());
    expect({ Account, Arn }).toEqual({
      Account: '123456789012',
      Arn: 'arn:aws:sts::123456789012:assumed-role/deploy/github',
    });
  });

  it('give out passwords for the registry that are good for 12 hours', async () => {
    const stage = new Stage();
    const { authorizationData } = await stage.ecr.send(new GetAuthorizationTokenCommand({}));
    const { authorizationToken, expiresAt, proxyEndpoint } = authorizationData?.[0] ?? {};
    const [user, password = ''] = Buffer.from(authorizationToken ?? '', 'base64')
      .toString()
      .split(':');
    expect(user).toBe('AWS');
    expect(proxyEndpoint).toBe('https://123456789012.dkr.ecr.eu-west-1.amazonaws.com');
    expect(expiresAt?.getTime()).toBe(stage.now + 12 * 3_600_000);
    expect(stage.cloud.acceptsPassword(password)).toBe(true);
    expect(stage.cloud.acceptsPassword('guess')).toBe(false);
    stage.advance(12 * 3_600);
    expect(stage.cloud.acceptsPassword(password)).toBe(false);
  });

  it('lead from a target group to the address', async () => {
    const stage = new Stage();
    const url = stage.service();
    const { TargetGroups } = await stage.elb.send(new DescribeTargetGroupsCommand({ Names: [SERVICE] }));
    const LoadBalancerArn = TargetGroups?.[0]?.LoadBalancerArns?.[0] ?? '';
    const { LoadBalancers } = await stage.elb.send(
      new DescribeLoadBalancersCommand({ LoadBalancerArns: [LoadBalancerArn] }),
    );
    expect(`https://${LoadBalancers?.[0]?.DNSName}`).toBe(url);
    const { Listeners } = await stage.elb.send(new DescribeListenersCommand({ LoadBalancerArn }));
    expect(Listeners?.[0]?.DefaultActions?.[0]?.TargetGroupArn).toBe(TargetGroups?.[0]?.TargetGroupArn);
    expect(TargetGroups?.[0]?.HealthCheckIntervalSeconds).toBe(10);
  });

  it('do not know a target group or a log stream that is not there', async () => {
    const stage = new Stage();
    const health = new DescribeTargetHealthCommand({ TargetGroupArn: 'arn:none' });
    await expect(stage.elb.send(health)).rejects.toMatchObject({ name: 'TargetGroupNotFoundException' });
    const events = new GetLogEventsCommand({ logGroupName: '/ecs/web', logStreamName: 'x' });
    await expect(stage.logs.send(events)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('the live address', () => {
  it('answers as its image says, on http, https and its own domain', async () => {
    const stage = new Stage();
    const echo = { '/predict': { status: 201, echo: true } };
    const url = stage.service({ image: stage.image('v1', { answers: echo }), customDomains: ['agent.acme.dev'] });
    for (const base of [url, url.replace('https:', 'http:'), 'https://agent.acme.dev']) {
      const answer = await stage.request(`${base}/predict`, { method: 'POST', body: Buffer.from('{"a":1}') });
      expect(answer.status).toBe(201);
      expect(JSON.parse(String(answer.body))).toMatchObject({ method: 'POST', body: '{"a":1}' });
    }
  });

  it('takes its healthy targets in turn, so every n-th request of each may fail', async () => {
    const stage = new Stage();
    const url = stage.service({ image: stage.image('v1', { failEvery: 3 }) });
    const statuses: number[] = [];
    for (let count = 0; count < 12; count += 1) statuses.push((await stage.request(url)).status);
    expect(statuses).toEqual([200, 200, 200, 200, 500, 500, 200, 200, 200, 200, 500, 500]);
  });
});

describe('a snapshot', () => {
  it('is as before after a rollout and a rollback', async () => {
    const stage = new Stage();
    stage.service({ tags: [{ key: 'team', value: 'agents' }] });
    const before = stage.cloud.snapshot(CLUSTER, SERVICE);
    stage.cloud.foreignDeploy(CLUSTER, SERVICE, stage.image('v2'));
    stage.advance(120);
    const deployed = stage.cloud.snapshot(CLUSTER, SERVICE);
    expect(withoutAudit(deployed)).not.toEqual(withoutAudit(before));
    await stage.ecs.send(new UpdateServiceCommand({ ...here, taskDefinition: 'web:1' }));
    stage.advance(120);
    const after = stage.cloud.snapshot(CLUSTER, SERVICE);
    expect(after).not.toEqual(before);
    expect(withoutAudit(after)).toEqual(withoutAudit(before));
  });

  it('is as before after a rollout that the platform undid', async () => {
    const stage = new Stage();
    stage.service({ circuitBreaker: { enable: true, rollback: true } });
    const before = stage.cloud.snapshot(CLUSTER, SERVICE);
    stage.cloud.foreignDeploy(CLUSTER, SERVICE, 'ghcr.io/acme/agent:missing');
    stage.advance(300);
    expect(withoutAudit(stage.cloud.snapshot(CLUSTER, SERVICE))).toEqual(withoutAudit(before));
  });

  it.each([
    ['the desired count', { desiredCount: 3 }],
    ['the network', { extras: { networkConfiguration: {} } }],
    ['an unknown member', { extras: { news: 1 } }],
    ['the state', { status: 'DRAINING' as const }],
  ])('does not hide that %s is another', (_, changes) => {
    const stage = new Stage();
    stage.service();
    const before = withoutAudit(stage.cloud.snapshot(CLUSTER, SERVICE));
    stage.cloud.setService(CLUSTER, SERVICE, changes);
    expect(withoutAudit(stage.cloud.snapshot(CLUSTER, SERVICE))).not.toEqual(before);
  });

  it('does not hide a change in any field of a container', () => {
    const definition = (environment: object[]) => {
      const stage = new Stage();
      const containers = [{ name: 'app', image: stage.image('v1'), environment: environment as never, id: 'x' }];
      stage.service({ containers });
      return withoutAudit(stage.cloud.snapshot(CLUSTER, SERVICE));
    };
    const before = definition([{ name: 'id', value: '1' }]);
    expect(definition([{ name: 'id', value: '1' }])).toEqual(before);
    expect(definition([{ name: 'id', value: '2' }])).not.toEqual(before);
    expect(isObject(before['taskDefinition'])).toBe(true);
  });
});
