import { afterEach, beforeEach, describe, expect, it, test } from '@jest/globals';
import { formatImage } from '../../../../../src/model/image.ts';
import type { Workload } from '../../../../../src/model/workload.ts';
import { editTo, restoreFully, SimulatedAccount, send, watchFully } from '../simulated-account.ts';

let account: SimulatedAccount;
let workload: Workload;

beforeEach(async () => {
  account = new SimulatedAccount();
  await account.start();
});
afterEach(() => account.close());

async function serve(options: object = {}): Promise<void> {
  account.cloud.addService({
    cluster: 'production',
    service: 'agent',
    image: formatImage(account.image('v1')),
    desiredCount: 2,
    loadBalanced: true,
    ...options,
  });
  workload = await account.open();
}

const crash = { afterMs: 1_000, exitCode: 3, logs: ['no configuration: giving up'] };

function liveImage(): string {
  const service = account.cloud.ecs.services[0];
  const containers = service?.taskDefinition.document['containerDefinitions'] as { image: string }[];
  return containers[0]?.image ?? '';
}

function updates(): number {
  return account.cloud.wireLog.filter(({ operation }) => operation === 'ecs:UpdateService').length;
}

describe('a good image', () => {
  it('is deployed, and is live', async () => {
    await serve();
    const sent = await send(workload, account.image('v2'));
    const { observation } = await watchFully(account, workload, sent);
    expect(observation).toMatchObject({ status: 'succeeded', reason: 'SUCCESSFUL' });
    expect(await workload.isLive(sent.mark)).toBe(true);
    expect(await workload.readiness()).toMatchObject({ status: 'free' });
  });

  it('that is rolled back after it succeeded is gone only when the previous revision is seen to run', async () => {
    await serve();
    const sent = await send(workload, account.image('v2'));
    await watchFully(account, workload, sent);
    expect(await restoreFully(account, workload, sent)).toMatchObject({ status: 'restored', by: 'us' });
    expect(liveImage()).toBe(formatImage(account.image('v1')));
    expect(await workload.readiness()).toMatchObject({ status: 'free' });
    expect(updates()).toBe(2);
  });

  test.each([0, 1, 4, 10, 20, 40, 60, 90])(
    'is rolled back %i seconds after it was sent, by another process',
    async (s) => {
      await serve();
      const sent = await send(workload, account.image('v2'));
      account.advance(s);
      expect(await restoreFully(account, await account.open(), sent)).toMatchObject({ status: 'restored' });
      expect(liveImage()).toBe(formatImage(account.image('v1')));
    },
  );

  test.each([1, 2, 3, 5, 8])('is rolled back although another process takes over at each of %i polls', async (n) => {
    await serve();
    const sent = await send(workload, account.image('v2'));
    await watchFully(account, workload, sent);
    for (let polls = 0; polls < n; polls += 1) {
      await (await account.open()).restore(sent.point, sent.mark, 0);
      account.advance(2);
    }
    expect(await restoreFully(account, await account.open(), sent)).toMatchObject({ status: 'restored' });
    expect(liveImage()).toBe(formatImage(account.image('v1')));
    expect(updates()).toBe(2);
  });

  it('is rolled back without the permission to stop it', async () => {
    await serve();
    const sent = await send(workload, account.image('v2'));
    account.cloud.deny('ecs:StopServiceDeployment');
    account.advance(6);
    expect(await restoreFully(account, workload, sent)).toMatchObject({ status: 'restored', by: 'us' });
    expect(account.printed.join('\n')).toContain('ecs:StopServiceDeployment');
    expect(liveImage()).toBe(formatImage(account.image('v1')));
  });

  it('sent again is unchanged', async () => {
    await serve();
    expect(await workload.plan(editTo(account.image('v1')))).toMatchObject({ unchanged: true, differences: [] });
  });
});

describe('an image that crashes', () => {
  it('fails within a minute, with the exit code and the last log lines, and is rolled back', async () => {
    await serve();
    const sent = await send(workload, account.image('bad', { crash }));
    const began = account.now;
    const { operation, observation } = await watchFully(account, workload, sent);
    expect(observation).toMatchObject({ status: 'failed', as: 'DEPLOY_FAILED', reason: 'DEPLOY_FAILED' });
    expect(observation.message).toContain('container app exit code 3');
    expect(account.now - began).toBeLessThan(60_000);
    const diagnosis = await workload.diagnose(operation);
    expect(diagnosis.logs[0]?.lines.join('\n')).toContain('no configuration: giving up');
    expect(await restoreFully(account, workload, sent)).toMatchObject({ status: 'restored', by: 'us' });
    expect(liveImage()).toBe(formatImage(account.image('v1')));
  });

  it('that the circuit breaker rolls back is red, and restored by the platform', async () => {
    await serve({ circuitBreaker: { enable: true, rollback: true } });
    account.cloud.deny('ecs:ListTasks');
    const sent = await send(workload, account.image('bad', { crash }));
    const { observation } = await watchFully(account, workload, sent);
    expect(observation).toMatchObject({
      status: 'failed',
      as: 'ROLLED_BACK_BY_PLATFORM',
      reason: 'ROLLED_BACK_BY_PLATFORM',
    });
    expect(await restoreFully(account, workload, sent)).toMatchObject({ status: 'restored', by: 'platform' });
    expect(updates()).toBe(1);
  });

  it('or cannot be pulled fails for the first task', async () => {
    await serve();
    const missing = { ...account.image('v1'), digest: `sha256:${'0'.repeat(64)}` as const };
    const sent = await send(workload, missing);
    const { observation } = await watchFully(account, workload, sent);
    expect(observation).toMatchObject({ reason: 'DEPLOY_FAILED', message: expect.stringContaining('CannotPull') });
  });
});

describe('another deployment', () => {
  test.each([0, 2, 30, 90])('%i seconds after ours supersedes ours, and is not touched', async (seconds) => {
    await serve();
    const sent = await send(workload, account.image('v2'));
    account.advance(seconds);
    account.cloud.foreignDeploy('production', 'agent', formatImage(account.image('other')));
    const before = updates();
    expect(await restoreFully(account, await account.open(), sent)).toMatchObject({ status: 'superseded' });
    expect(updates()).toBe(before);
    expect(liveImage()).toBe(formatImage(account.image('other')));
    const { observation } = await watchFully(account, workload, sent);
    expect(observation).toMatchObject({ status: 'failed', as: 'SUPERSEDED', reason: 'SUPERSEDED' });
  });

  it('that is running is waited for before ours begins', async () => {
    await serve();
    account.cloud.foreignDeploy('production', 'agent', formatImage(account.image('other')));
    expect(await workload.readiness()).toMatchObject({ status: 'busy' });
  });
});

test('an update that never took effect leaves nothing to do', async () => {
  await serve();
  const point = await workload.capture();
  const { mark } = await workload.prepare(editTo(account.image('v2')));
  expect(await restoreFully(account, workload, { point, mark })).toMatchObject({ status: 'untouched' });
  expect(updates()).toBe(0);
});

test('the URL of a service behind HTTPS is not guessed: the certificate is for another name', async () => {
  await serve();
  expect(await workload.endpoint(null)).toBeNull();
  expect(account.printed).toEqual([]);
});
