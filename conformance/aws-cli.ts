import assert from 'node:assert/strict';
import type { Agent } from '../simulators/agent.ts';
import { CLUSTER, SERVICE } from '../simulators/agent-service.ts';
import { ACCOUNT, ECR_HOST, REGION } from '../simulators/world.ts';
import { type AwsCli, type AwsCliReferee, type Described, described, inCliWorld, seedImage } from './cli-world.ts';
import type { Tally } from './tally.ts';

const here = ['--cluster', CLUSTER, '--service', SERVICE];

/** The AWS CLI reads a service with a rollout behind it, changes it, and is refused. */
export async function checkWithAwsCli(referee: AwsCliReferee): Promise<void> {
  const { tally } = referee;
  await inCliWorld(referee, 'cli', async (agent, cli) => {
    await rollOutWithLogs(agent);
    for (const args of readingCommands(agent)) {
      await tally.check(`aws ${args.slice(0, 2).join(' ')} prints the whole response`, () => sameAsWire(cli, args));
    }
    await checkQueryServices(tally, cli);
    await checkEcr(tally, agent, cli);
    await checkRefusals(tally, agent, cli);
  });
  await inCliWorld(referee, 'cli-changes', (agent, cli) => checkChanges(tally, agent, cli));
}

/** A good rollout with log lines, then one that crashes until the circuit breaker rolls it back. */
async function rollOutWithLogs(agent: Agent): Promise<void> {
  const { aws, clock } = agent.world;
  aws.foreignDeploy(CLUSTER, SERVICE, seedImage(agent, 'v2', { logs: ['listening on 8080', 'Grüße, 世界 <&>'] }));
  await clock.advance(600_000);
  const crash = { afterMs: 1_000, exitCode: 3, logs: ["KeyError: 'OPENAI_API_KEY'"] };
  aws.foreignDeploy(CLUSTER, SERVICE, seedImage(agent, 'v3', { crash }));
  await clock.advance(1_200_000);
}

/** All of the JSON protocol; the identifiers are read where a person would find them. */
function readingCommands({ world }: Agent): readonly (readonly string[])[] {
  const service = world.aws.ecs.services[0]!;
  const deployments = service.records.map(({ arn }) => arn);
  const revisions = service.revisions.map(({ arn }) => arn);
  const stream = `ecs/app/${service.tasks.find(({ lastStatus }) => lastStatus === 'RUNNING')!.id}`;
  return [
    ['ecs', 'describe-services', ...described, '--include', 'TAGS'],
    ['ecs', 'describe-task-definition', '--task-definition', service.taskDefinition.arn, '--include', 'TAGS'],
    ['ecs', 'list-service-deployments', ...here],
    ['ecs', 'describe-service-deployments', '--service-deployment-arns', ...deployments],
    ['ecs', 'describe-service-revisions', '--service-revision-arns', ...revisions],
    ['ecs', 'list-tasks', '--cluster', CLUSTER, '--service-name', SERVICE],
    ['ecs', 'describe-tasks', '--cluster', CLUSTER, '--tasks', ...service.tasks.map(({ arn }) => arn)],
    ['logs', 'get-log-events', '--log-group-name', '/ecs/agent', '--log-stream-name', stream, '--start-from-head'],
  ];
}

/** Version 1 of the CLI leaves time stamps as they come, and leaves out what its model doesn't know. */
async function sameAsWire(cli: AwsCli, args: readonly string[]): Promise<string> {
  const printed = await cli.json(...args);
  const sent = JSON.parse(cli.lastBody()) as unknown;
  assert.deepEqual(printed, sent);
  return `${countValues(sent)} values`;
}

function countValues(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, member) => sum + countValues(member), 0);
}

async function checkQueryServices(tally: Tally, cli: AwsCli): Promise<void> {
  await tally.check('aws sts get-caller-identity names the account', async () => {
    const arn = `arn:aws:sts::${ACCOUNT}:assumed-role/deploy/github`;
    const identity = await cli.json('sts', 'get-caller-identity');
    assert.deepEqual(identity, { UserId: 'AROAEXAMPLEID:github', Account: ACCOUNT, Arn: arn });
    return undefined;
  });
  await tally.check('aws elbv2 resolves the service to its healthy targets, its listener and its name', async () => {
    const { services } = (await cli.json('ecs', 'describe-services', ...described)) as Described;
    const targetGroup = services[0]!.loadBalancers[0]!.targetGroupArn;
    const health = await cli.text(
      ...['elbv2', 'describe-target-health', '--target-group-arn', targetGroup],
      ...['--query', 'TargetHealthDescriptions[].[TargetHealth.State, Target.Port, HealthCheckPort]'],
    );
    assert.equal(health, 'healthy\t8080\t8080\nhealthy\t8080\t8080');
    const balancer = await cli.text(
      ...['elbv2', 'describe-target-groups', '--target-group-arns', targetGroup],
      ...['--query', 'TargetGroups[].LoadBalancerArns[]'],
    );
    const listener = await cli.text(
      ...['elbv2', 'describe-listeners', '--load-balancer-arn', balancer],
      ...['--query', 'Listeners[].[Port, DefaultActions[0].ForwardConfig.TargetGroups[0].TargetGroupArn]'],
    );
    assert.equal(listener, `443\t${targetGroup}`);
    const found = await cli.text(
      ...['elbv2', 'describe-load-balancers', '--load-balancer-arns', balancer],
      ...['--query', 'LoadBalancers[].[DNSName, State.Code, CreatedTime]'],
    );
    assert.match(found, /^agent-\d{10}\.eu-west-1\.elb\.amazonaws\.com\tactive\t20\d\d-[\d:.TZ-]+$/);
    return found.split('\t')[0];
  });
}

async function checkEcr(tally: Tally, { world }: Agent, cli: AwsCli): Promise<void> {
  await tally.check('aws ecr get-authorization-token names our registry', async () => {
    const query = ['--query', 'authorizationData[].proxyEndpoint'];
    assert.equal(await cli.text('ecr', 'get-authorization-token', ...query), `https://${ECR_HOST}`);
    return undefined;
  });
  await tally.check('aws ecr get-login-password prints a password that the registry accepts', async () => {
    const password = await cli.text('ecr', 'get-login-password');
    assert.equal(world.aws.acceptsPassword(password), true);
    return undefined;
  });
}

async function checkRefusals(tally: Tally, { world }: Agent, cli: AwsCli): Promise<void> {
  const refused = (
    name: string,
    args: readonly string[],
    rest: { readonly says: RegExp; readonly env?: Record<string, string> },
  ) =>
    tally.check(`aws ${args[0]} ${args[1]} ${name}`, async () => {
      const { exitCode, stderr } = await cli.run(args, rest.env);
      assert.equal(exitCode, 255);
      assert.match(stderr, rest.says);
      return undefined;
    });
  const update = ['ecs', 'update-service', '--cluster', CLUSTER, '--service'];
  await refused('shows that the service is not there', [...update, 'agnet'], {
    says: /\(ServiceNotFoundException\) when calling the UpdateService operation: Service not found\./,
  });
  world.aws.deny('ecs:UpdateService');
  await refused('shows that it may not', [...update, SERVICE, '--force-new-deployment'], {
    says: /\(AccessDeniedException\) when calling the UpdateService operation: User: .* is not authorized to perform/,
  });
  const targetGroups = ['elbv2', 'describe-target-groups', '--names', 'missing'];
  await refused('shows that the target group is not there', targetGroups, {
    says: /\(TargetGroupNotFound\) when calling the DescribeTargetGroups operation: One or more target groups/,
  });
  const env = { AWS_SECRET_ACCESS_KEY: 'another' };
  await refused('shows that the signature is wrong', ['ecs', 'describe-services', ...described], {
    env,
    says: /\(InvalidSignatureException\) when calling the DescribeServices operation: The request signature/,
  });
  await refused('shows that the signature is wrong', ['sts', 'get-caller-identity'], {
    env,
    says: /\(SignatureDoesNotMatch\) when calling the GetCallerIdentity operation: The request signature/,
  });
  world.aws.expireCredentialsAt(world.clock.now());
  await refused('shows that the session is over', ['ecs', 'describe-services', ...described], {
    says: /\(ExpiredTokenException\) when calling the DescribeServices operation: The security token/,
  });
}

async function checkChanges(tally: Tally, agent: Agent, cli: AwsCli): Promise<void> {
  const { world } = agent;
  const status = (): Promise<string> =>
    cli.text('ecs', 'list-service-deployments', ...here, '--query', 'serviceDeployments[0].status');
  await tally.check('aws ecs register-task-definition accepts the output of describe-task-definition', async () => {
    const query =
      '{family:family,containerDefinitions:containerDefinitions,networkMode:networkMode,cpu:cpu,memory:memory}';
    const read = [
      'ecs',
      'describe-task-definition',
      '--task-definition',
      'agent',
      '--query',
      `taskDefinition.${query}`,
    ];
    const input = JSON.stringify(await cli.json(...read));
    const revision = ['--query', 'taskDefinition.revision'];
    assert.equal(await cli.text('ecs', 'register-task-definition', '--cli-input-json', input, ...revision), '2');
    return undefined;
  });
  await tally.check('aws ecs update-service starts a deployment that is IN_PROGRESS, then SUCCESSFUL', async () => {
    const to = [
      '--task-definition',
      'agent:2',
      '--force-new-deployment',
      '--query',
      'service.deployments[].rolloutState',
    ];
    assert.equal(await cli.text('ecs', 'update-service', ...here, ...to), 'IN_PROGRESS\tCOMPLETED');
    await world.clock.advance(10_000);
    assert.equal(await status(), 'IN_PROGRESS');
    await world.clock.advance(300_000);
    assert.equal(await status(), 'SUCCESSFUL');
    return `in ${REGION}`;
  });
  await tally.check('aws ecs stop-service-deployment rolls a deployment back', async () => {
    world.aws.foreignDeploy(CLUSTER, SERVICE, seedImage(agent, 'v2', {}));
    await world.clock.advance(10_000);
    const newest = ['--query', 'serviceDeployments[0].serviceDeploymentArn'];
    const arn = await cli.text('ecs', 'list-service-deployments', ...here, ...newest);
    const stop = ['ecs', 'stop-service-deployment', '--service-deployment-arn', arn];
    assert.deepEqual(await cli.json(...stop, '--stop-type', 'ROLLBACK'), { serviceDeploymentArn: arn });
    await world.clock.advance(300_000);
    assert.equal(await status(), 'ROLLBACK_SUCCESSFUL');
    const { exitCode, stderr } = await cli.run(stop);
    assert.equal(exitCode, 255);
    assert.match(stderr, /ConflictException/);
    return undefined;
  });
}
