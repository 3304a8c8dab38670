import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openEcs } from '../../../../../src/clouds/aws/ecs/workload.ts';
import { neverAborted } from '../../../../../src/io/signals.ts';
import type { ImageReference } from '../../../../../src/model/image.ts';
import type { RestorePoint } from '../../../../../src/model/restore-point.ts';
import type { Change, EditChange, Prepared, RolloutPlan, Workload } from '../../../../../src/model/workload.ts';
import { AwsError } from '../wire-fake.ts';
import { definitionArn, type EcsWorld, openEcsWorld } from './ecs-world.ts';

const PLACE = { cluster: 'production', service: 'agent', region: 'eu-west-1' };
const image: ImageReference = {
  registry: 'ghcr.io',
  repository: 'acme/agent',
  tag: 'v2',
  digest: `sha256:${'a'.repeat(64)}`,
};
const IMAGE = `ghcr.io/acme/agent@${image.digest}`;
const change: EditChange = {
  kind: 'edit',
  base: null,
  images: [{ container: null, image }],
  environment: new Map(),
  secrets: new Map(),
};
const ROLLING: RolloutPlan = { takeTraffic: true, shifts: [], markedUntil: 0 };

let world: EcsWorld;
beforeEach(async () => {
  world = await openEcsWorld();
});
afterEach(() => world.wire.close());

const open = (): Promise<Workload> => openEcs(PLACE, { io: world.wire.io, signal: neverAborted });

describe('opening', () => {
  it('names service, cluster and region when there is no such service', async () => {
    world.answers['DescribeServices'] = () => ({ services: [], failures: [{ reason: 'MISSING' }] });
    await expect(open()).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'could not find service agent in cluster production (eu-west-1): MISSING',
    });
  });

  it.each([
    ['CODE_DEPLOY', { deploymentController: { type: 'CODE_DEPLOY' } }],
    ['EXTERNAL', { deploymentController: { type: 'EXTERNAL' } }],
    ['Express Mode', { resourceManagementType: 'ECS' }],
    ['DRAINING', { status: 'DRAINING' }],
  ])('refuses what it cannot deploy to: %s', async (word, service) => {
    world.service = { ...world.service, ...service };
    await expect(open()).rejects.toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining(word) });
  });

  it('says what a person has to know', async () => {
    const workload = await open();
    expect(workload.resource).toBe('service agent in cluster production (eu-west-1)');
    expect(workload.consoleUrl).toBe(
      'https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/production/services/agent/deployments?region=eu-west-1',
    );
    expect(workload.logs.url).toBe(
      'https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/production/services/agent/logs?region=eu-west-1',
    );
    expect(workload.restoreCommand(await workload.capture())).toBe(
      `aws ecs update-service --cluster production --service agent --region eu-west-1 --task-definition ${definitionArn('agent:41')}`,
    );
  });
});

describe('readiness', () => {
  it('is there when nothing deploys, and not during another deployment', async () => {
    const workload = await open();
    expect(await workload.readiness()).toMatchObject({ status: 'free' });
    world.start('agent:42');
    expect(await workload.readiness()).toMatchObject({ status: 'busy' });
  });

  it('is not there while a deployment runs that is not listed yet', async () => {
    const workload = await open();
    world.start('agent:42').listed = false;
    const [primary] = world.service['deployments'] as Record<string, unknown>[];
    world.service = { ...world.service, deployments: [{ ...primary, createdAt: 2_000 }] };
    expect(await workload.readiness()).toMatchObject({
      status: 'busy',
      message: expect.stringContaining('agent:42'),
    });
  });

  it.each(['ListServiceDeployments', 'DescribeServiceDeployments', 'DescribeServiceRevisions'])(
    'fails before anything is touched when %s is not allowed',
    async (operation) => {
      world.denied.add(operation);
      const refused = (await open()).readiness();
      await expect(refused).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        hint: expect.stringContaining(operation),
      });
      expect(world.mutations()).toEqual([]);
    },
  );
});

describe('the restore point', () => {
  it('is what serves, with the time of the newest deployment on the clock of AWS', async () => {
    const point = await (await open()).capture();
    expect(point).toEqual({
      resource: 'service agent in cluster production (eu-west-1)',
      revision: 'agent:41',
      data: {
        previous: definitionArn('agent:41'),
        live: definitionArn('agent:41'),
        newest: 1_001_000,
        usualMs: null,
      },
    });
    expect(JSON.stringify(point).length).toBeLessThan(2_000);
  });

  it('is what last succeeded when what is live has failed', async () => {
    world.start('agent:42', 'STOPPED');
    const point = await (await open()).capture();
    expect(point.data).toMatchObject({ previous: definitionArn('agent:41'), live: definitionArn('agent:42') });
  });

  it('is what is live when AWS no longer remembers its deployment', async () => {
    world.definitions.set(definitionArn('agent:40'), { document: { family: 'agent' } });
    world.service = { ...world.service, taskDefinition: definitionArn('agent:40') };
    expect((await (await open()).capture()).revision).toBe('agent:40');
  });

  it('names the images that a rollback would pull', async () => {
    const workload = await open();
    const point = await workload.capture();
    expect(await workload.rollbackTarget(point)).toEqual({ images: ['ghcr.io/acme/agent:v1'], obstacles: [] });
  });

  it.each([
    ['deregistered', { document: { family: 'agent', status: 'INACTIVE' } }, /^agent:41 is deregistered \(INACTIVE\)$/],
    ['deleted', null, /^agent:41 does not exist any more$/],
  ])('can not be restored when it is %s', async (_title, definition, message) => {
    if (definition) world.definitions.set(definitionArn('agent:41'), definition);
    else world.definitions.delete(definitionArn('agent:41'));
    const workload = await open();
    const { obstacles } = await workload.rollbackTarget(await workload.capture());
    expect(obstacles).toEqual([{ message: expect.stringMatching(message), hint: expect.stringContaining('Register') }]);
  });

  it('of another region is not used', async () => {
    const point = await (await open()).capture();
    const elsewhere = { ...point, resource: point.resource.replace('eu-west-1', 'us-east-1') };
    await expect((await open()).restore(elsewhere, definitionArn('agent:42'), 0)).rejects.toMatchObject({
      code: 'JOURNAL_INVALID',
    });
    expect(world.mutations()).toEqual([]);
  });

  it('that is not complete is not used, and the command to restore by hand names the revision', async () => {
    const workload = await open();
    const point = { ...(await workload.capture()), data: { previous: 41 } };
    await expect(workload.restore(point, definitionArn('agent:42'), 0)).rejects.toMatchObject({
      code: 'JOURNAL_INVALID',
    });
    expect(workload.restoreCommand(point)).toContain('--task-definition agent:41');
  });
});

describe('planning and preparing', () => {
  it('shows the new image, and is not unchanged', async () => {
    expect(await (await open()).plan(change)).toEqual({
      unchanged: false,
      differences: [`container web: image ghcr.io/acme/agent:v1 -> ${IMAGE}`],
      warnings: [],
      size: null,
      platform: null,
    });
  });

  it('is unchanged only when the same is live, steady, and was deployed successfully', async () => {
    const document = { family: 'agent', containerDefinitions: [{ name: 'web', image: IMAGE }] };
    world.definitions.set(definitionArn('agent:41'), { document });
    const workload = await open();
    expect(await workload.plan(change)).toEqual({
      unchanged: true,
      differences: [],
      warnings: [],
      size: null,
      platform: null,
    });
    world.service = { ...world.service, runningCount: 1 };
    expect((await workload.plan(change)).unchanged).toBe(false);
    world.start('agent:41', 'ROLLBACK_SUCCESSFUL');
    expect((await workload.plan(change)).unchanged).toBe(false);
  });

  it.each<Change>([
    { kind: 'definition', definition: {} },
    { kind: 'revision', revision: 'agent:40' },
  ])('is refused for what is no edit of the live definition: %j', async (other) => {
    const workload = await open();
    await expect(workload.plan(other)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(workload.prepare(other)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(world.mutations()).toEqual([]);
  });

  it('registers fields that no SDK knows, at every level, text that is not ASCII, and the tags', async () => {
    const tags = [{ key: 'team', value: 'agents' }];
    const document = {
      family: 'agent',
      fieldOfTomorrow: { deep: ['ü', ''], none: null },
      containerDefinitions: [{ name: 'web', image: 'ghcr.io/acme/agent:v1', fieldOfTomorrow: [{ x: 1 }] }],
    };
    world.definitions.set(definitionArn('agent:41'), { document, tags });
    const { mark } = await (await open()).prepare(change);
    expect(mark).toBe(definitionArn('agent:42'));
    expect(world.wire.calls.find(({ operation }) => operation === 'RegisterTaskDefinition')?.body).toEqual({
      ...document,
      tags,
      containerDefinitions: [{ name: 'web', image: IMAGE, fieldOfTomorrow: [{ x: 1 }] }],
    });
  });

  it('makes a new revision even when nothing differs, so that a forced roll-out has a mark of its own', async () => {
    const workload = await open();
    expect((await workload.prepare(change)).mark).not.toBe((await workload.prepare(change)).mark);
  });

  it('waits its turn when another revision of the family is being registered', async () => {
    let refusals = 2;
    const answer = (): AwsError =>
      new AwsError('ClientException', 'Too many concurrent attempts to create a new revision');
    world.answers['RegisterTaskDefinition'] = () =>
      refusals-- > 0 ? answer() : { taskDefinition: { taskDefinitionArn: definitionArn('agent:42') } };
    expect((await (await open()).prepare(change)).mark).toBe(definitionArn('agent:42'));
    expect(world.wire.time).toBe(3_000);
  });

  it('never shows a value of the environment that AWS quotes', async () => {
    world.answers['RegisterTaskDefinition'] = () => new AwsError('ClientException', 'Value hunter22 is too odd');
    const prepared = (await open()).prepare({ ...change, environment: new Map([['PASSWORD', 'hunter22']]) });
    await expect(prepared).rejects.toMatchObject({ message: expect.not.stringContaining('hunter22') });
  });
});

describe('deploying', () => {
  let workload: Workload;
  let point: RestorePoint;
  let prepared: Prepared;
  let mark: string;
  beforeEach(async () => {
    workload = await open();
    point = await workload.capture();
    prepared = await workload.prepare(change);
    mark = prepared.mark;
  });

  it('sends the task definition and nothing else', async () => {
    await prepared.send(point, ROLLING);
    const update = world.wire.calls.find(({ operation }) => operation === 'UpdateService');
    expect(update?.body).toEqual({ cluster: 'production', service: 'agent', taskDefinition: mark });
  });

  it('is not begun on top of a newer deployment', async () => {
    world.start('agent:50');
    await expect(prepared.send(point, ROLLING)).rejects.toMatchObject({ code: 'SUPERSEDED' });
    expect(world.mutations()).toEqual(['RegisterTaskDefinition']);
  });

  it('that is sent again sends nothing, as the update was taken', async () => {
    await prepared.send(point, ROLLING);
    const calls = world.wire.calls.length;
    expect(await prepared.send(point, ROLLING)).toBeNull();
    expect(world.wire.calls.length).toBe(calls);
  });

  it('whose answer was lost is sent again only where the service does not name it', async () => {
    world.answers['UpdateService'] = ({ taskDefinition }) => {
      world.start(String(taskDefinition).split('/')[1]!);
      return new AwsError('ServiceException', 'the answer was lost');
    };
    await expect(prepared.send(point, ROLLING)).rejects.toMatchObject({ message: expect.stringContaining('lost') });
    expect(await prepared.send(point, ROLLING)).toBeNull();
    expect(world.mutations().filter((name) => name === 'UpdateService').length).toBe(1);
  });

  it('that did not take effect is sent again', async () => {
    world.answers['UpdateService'] = () => new AwsError('ServiceException', 'refused');
    await expect(prepared.send(point, ROLLING)).rejects.toMatchObject({ message: expect.stringContaining('refused') });
    delete world.answers['UpdateService'];
    expect(await prepared.send(point, ROLLING)).toBeNull();
    expect(world.service['taskDefinition']).toBe(mark);
  });

  it('is found by its own mark, and not before it is listed', async () => {
    expect(await workload.findOperation(mark, point)).toBeNull();
    await prepared.send(point, ROLLING);
    const ours = world.deployments.at(-1);
    if (ours) ours.listed = false;
    expect(await workload.findOperation(mark, point)).toBeNull();
    if (ours) ours.listed = true;
    expect(await workload.findOperation(mark, point)).toEqual({
      id: ours?.id,
      mark,
      goal: { kind: 'up' },
      revision: 'agent:42',
      usualMs: null,
    });
  });

  async function deployed() {
    await prepared.send(point, ROLLING);
    const operation = await workload.findOperation(mark, point);
    const ours = world.deployments.at(-1);
    if (!operation || !ours) throw new Error('it is not listed');
    return { operation, ours };
  }

  it('is live when it has succeeded, and no longer after a newer deployment', async () => {
    const { operation, ours } = await deployed();
    const watch = workload.watch(operation);
    expect((await watch.poll()).status).toBe('progressing');
    world.succeed(ours);
    expect((await watch.poll()).status).toBe('succeeded');
    expect(await workload.isLive(mark)).toBe(true);
    world.start('agent:50');
    expect(await workload.isLive(mark)).toBe(false);
    expect(await watch.poll()).toMatchObject({ status: 'failed', as: 'SUPERSEDED', reason: 'SUPERSEDED' });
  });

  it('is not called superseded while the service still shows the previous revision', async () => {
    const { operation } = await deployed();
    const watch = workload.watch(operation);
    world.service = { ...world.service, taskDefinition: definitionArn('agent:41') };
    expect((await watch.poll()).status).toBe('progressing');
    world.service = { ...world.service, taskDefinition: definitionArn('agent:50') };
    expect(await watch.poll()).toMatchObject({ status: 'failed', as: 'SUPERSEDED', reason: 'SUPERSEDED' });
  });

  it('passes on what the service says since it began', async () => {
    const { operation, ours } = await deployed();
    const watch = workload.watch(operation);
    const events = [
      { message: 'started 2 tasks', createdAt: ours.createdAt + 2 },
      { message: 'stopped 1 task', createdAt: ours.createdAt + 1 },
      { message: 'from before', createdAt: ours.createdAt - 1 },
    ];
    world.service = { ...world.service, events };
    expect((await watch.poll()).notes).toEqual(['stopped 1 task', 'started 2 tasks']);
  });

  const crashed = (id: string, taskDefinitionArn: string) => ({
    taskArn: `arn:aws:ecs:eu-west-1:123456789012:task/production/${id}`,
    taskDefinitionArn,
    desiredStatus: 'STOPPED',
    stopCode: 'EssentialContainerExited',
    containers: [{ name: 'web', exitCode: 1 }],
  });

  it('has failed when two of its own tasks crashed, and not for tasks of the previous revision', async () => {
    const { operation, ours } = await deployed();
    const watch = workload.watch(operation);
    world.tasks.push(
      crashed('a', definitionArn('agent:41')),
      crashed('b', definitionArn('agent:41')),
      crashed('c', mark),
    );
    expect((await watch.poll()).status).toBe('progressing');
    world.tasks.push(crashed('d', mark));
    world.service = { ...world.service, events: [{ message: 'has started 3 tasks', createdAt: ours.createdAt + 1 }] };
    expect(await watch.poll()).toMatchObject({ status: 'failed', as: 'DEPLOY_FAILED', reason: 'DEPLOY_FAILED' });
  });

  it('goes on without seeing its tasks where that is not allowed, and says so once', async () => {
    const { operation } = await deployed();
    const watch = workload.watch(operation);
    world.denied.add('ListTasks');
    await watch.poll();
    expect((await watch.poll()).status).toBe('progressing');
    const warnings = world.wire.printed.filter((line) => line.startsWith('warning'));
    expect(warnings).toEqual([expect.stringContaining('ecs:ListTasks')]);
  });

  it('is diagnosed with the exit code, the last log lines and the next step', async () => {
    const logConfiguration = {
      logDriver: 'awslogs',
      options: { 'awslogs-group': '/agent', 'awslogs-stream-prefix': 'ecs', 'awslogs-region': 'eu-west-1' },
    };
    const document = { family: 'agent', containerDefinitions: [{ name: 'web', image: IMAGE, logConfiguration }] };
    world.definitions.set(mark, { document });
    const { operation } = await deployed();
    world.tasks.push(crashed('0f3c', mark));
    world.answers['GetLogEvents'] = ({ logStreamName }) => ({ events: [{ message: `from ${logStreamName}\n` }] });
    expect(await workload.diagnose(operation)).toEqual({
      cause: 'task 0f3c stopped: EssentialContainerExited, container web exit code 1',
      hint: expect.stringContaining('last log lines'),
      facts: ['task 0f3c stopped: EssentialContainerExited, container web exit code 1'],
      logs: [{ source: 'web (/agent)', lines: ['from ecs/web/0f3c'] }],
    });
  });

  it('is diagnosed as far as the permissions go, which are named', async () => {
    const { operation } = await deployed();
    world.service = { ...world.service, loadBalancers: [{ targetGroupArn: 'arn:tg' }] };
    for (const operationName of ['ListTasks', 'DescribeTargetHealth']) world.denied.add(operationName);
    const { cause, facts } = await workload.diagnose(operation);
    expect(facts.join('\n')).toContain('ecs:ListTasks');
    expect(world.wire.printed.join('\n')).toMatch(/warning.*elasticloadbalancing:DescribeTargetHealth/);
    expect(cause).not.toBe('');
  });

  describe('and rolling back', () => {
    const restore = async (by: Workload = workload, elapsedMs = 0) => by.restore(point, mark, elapsedMs);

    it('stops a deployment that is running, once, and is done when AWS has rolled it back', async () => {
      const { ours } = await deployed();
      expect(await restore()).toMatchObject({ status: 'progressing', requested: true, reason: 'ROLLBACK_REQUESTED' });
      expect(await restore()).toMatchObject({ status: 'progressing', requested: true });
      ours.status = 'ROLLBACK_SUCCESSFUL';
      world.service = { ...world.service, taskDefinition: definitionArn('agent:41') };
      expect(await restore()).toMatchObject({ status: 'restored', by: 'us' });
      expect(world.mutations()).toEqual(['RegisterTaskDefinition', 'UpdateService', 'StopServiceDeployment']);
    });

    it('updates the service after one that succeeded, and waits for that deployment and no other', async () => {
      const { ours } = await deployed();
      ours.status = 'SUCCESSFUL';
      expect(await restore()).toMatchObject({ status: 'progressing', requested: true, reason: 'RESTORING' });
      const rollback = world.deployments.at(-1);
      if (!rollback) throw new Error('no rollback');
      rollback.listed = false;
      expect(await restore()).toMatchObject({ status: 'progressing' });
      // As the post step does after a kill: in another process, with nothing remembered.
      expect(await restore(await open())).toMatchObject({ status: 'progressing' });
      rollback.listed = true;
      expect(await restore()).toMatchObject({ status: 'progressing' });
      rollback.status = 'SUCCESSFUL';
      expect(await restore()).toEqual({ status: 'restored', by: 'us', message: 'agent:41 is live again' });
      expect(world.mutations()).toEqual(['RegisterTaskDefinition', 'UpdateService', 'UpdateService']);
    });

    it('is begun by a workload whose job has been cancelled, while everything else ends', async () => {
      const { operation } = await deployed();
      const controller = new AbortController();
      const cancelled = await openEcs(PLACE, { io: world.wire.io, signal: controller.signal });
      const reason = new Error('the job was cancelled');
      controller.abort(reason);
      await expect(cancelled.watch(operation).poll()).rejects.toBe(reason);
      expect(await restore(cancelled)).toMatchObject({ requested: true, reason: 'ROLLBACK_REQUESTED' });
    });

    it('takes it for ended when AWS says that there is nothing left to stop', async () => {
      await deployed();
      world.answers['StopServiceDeployment'] = () => new AwsError('ConflictException', 'it ended');
      expect(await restore()).toMatchObject({ status: 'progressing', requested: false, reason: 'ENDED_MEANWHILE' });
    });

    it('updates the service where stopping is not allowed, and says so', async () => {
      await deployed();
      world.denied.add('StopServiceDeployment');
      expect(await restore()).toMatchObject({ status: 'progressing', requested: true, reason: 'RESTORING' });
      expect(await restore()).toMatchObject({ status: 'progressing', requested: true });
      expect(world.wire.printed).toEqual([expect.stringContaining('ecs:StopServiceDeployment')]);
      expect(world.service['taskDefinition']).toBe(definitionArn('agent:41'));
    });

    it('says who did it when the platform did', async () => {
      const { ours } = await deployed();
      ours.status = 'ROLLBACK_SUCCESSFUL';
      ours.rollback = { reason: 'the circuit breaker threshold was exceeded' };
      world.service = { ...world.service, taskDefinition: definitionArn('agent:41') };
      expect(await restore()).toMatchObject({ status: 'restored', by: 'platform' });
    });

    it('touches nothing after a newer deployment', async () => {
      await deployed();
      world.start('agent:50');
      expect(await restore()).toMatchObject({ status: 'superseded', message: expect.stringContaining('agent:50') });
      expect(world.mutations()).toEqual(['RegisterTaskDefinition', 'UpdateService']);
    });

    it('waits for an update that may still take effect, and has nothing to do when it does not', async () => {
      expect(await restore(workload, 0)).toMatchObject({ status: 'progressing', requested: false });
      expect(await restore(workload, 10_000)).toMatchObject({ status: 'untouched' });
      expect(world.mutations()).toEqual(['RegisterTaskDefinition']);
    });

    it('rolls back an update that took effect late', async () => {
      expect(await restore(workload, 0)).toMatchObject({ status: 'progressing' });
      await prepared.send(point, ROLLING);
      expect(await restore(workload, 5_000)).toMatchObject({ reason: 'ROLLBACK_REQUESTED' });
    });
  });
});

describe('the URL', () => {
  const listener = (protocol: string, port: number, targetGroup = 'arn:tg'): string =>
    `<member><Protocol>${protocol}</Protocol><Port>${port}</Port><DefaultActions><member><Type>forward</Type><TargetGroupArn>${targetGroup}</TargetGroupArn></member></DefaultActions></member>`;
  const xml = (name: string, list: string, members: string): string =>
    `<${name}Response><${name}Result><${list}>${members}</${list}></${name}Result></${name}Response>`;

  function balance(listeners: string, loadBalancers = ['arn:lb']): void {
    world.service = { ...world.service, loadBalancers: [{ targetGroupArn: 'arn:tg' }] };
    const arns = loadBalancers.map((arn) => `<member>${arn}</member>`).join('');
    const group = `<member><LoadBalancerArns>${arns}</LoadBalancerArns></member>`;
    world.answers['DescribeTargetGroups'] = () => xml('DescribeTargetGroups', 'TargetGroups', group);
    world.answers['DescribeListeners'] = () => xml('DescribeListeners', 'Listeners', listeners);
    world.answers['DescribeLoadBalancers'] = () =>
      xml('DescribeLoadBalancers', 'LoadBalancers', '<member><DNSName>agent-1.elb.amazonaws.com</DNSName></member>');
  }

  it.each([
    ['the load balancer’s only HTTP listener', listener('HTTP', 80), 'http://agent-1.elb.amazonaws.com'],
    ['that listener’s with its port', listener('HTTP', 8080), 'http://agent-1.elb.amazonaws.com:8080'],
    ['not known with HTTPS only', listener('HTTPS', 443), null],
    ['not known with two of them', listener('HTTP', 80) + listener('HTTP', 8080), null],
    ['not another service’s', listener('HTTP', 80, 'arn:other'), null],
  ])('is %s', async (_what, listeners, url) => {
    balance(listeners);
    expect((await (await open()).endpoint(null))?.url ?? null).toBe(url);
  });

  it('is not known without a load balancer, with several, or before the roll-out', async () => {
    const workload = await open();
    expect(await workload.endpoint(null)).toBeNull();
    balance(listener('HTTP', 80), ['arn:lb', 'arn:other']);
    expect(await workload.endpoint(null)).toBeNull();
    balance(listener('HTTP', 80));
    expect(workload.traffic).toBeNull();
  });

  it('is not known without the permission, which is named once', async () => {
    balance(listener('HTTP', 80));
    world.denied.add('DescribeListeners');
    const workload = await open();
    expect(await workload.endpoint(null)).toBeNull();
    expect(await workload.endpoint(null)).toBeNull();
    expect(world.wire.printed).toEqual([expect.stringContaining('elasticloadbalancing:DescribeListeners')]);
  });
});
