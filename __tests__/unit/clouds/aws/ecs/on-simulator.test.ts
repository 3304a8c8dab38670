import { afterEach, beforeEach, describe, expect, it, test } from '@jest/globals';
import { formatImage } from '../../../../../src/model/image.ts';
import type { Workload } from '../../../../../src/model/workload.ts';
import { observeFully, restoreFully, SimulatedAccount, send } from '../simulated-account.ts';

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
    const { observation } = await observeFully(account, workload, sent);
    expect(observation).toMatchObject({ status: 'succeeded', reason: 'SUCCESSFUL' });
    expect(await workload.isLive(sent.mark)).toBe(true);
    expect(await workload.readiness()).toMatchObject({ status: 'succeeded' });
  });

  it('that is taken back after it succeeded is gone only when the old one is seen to run', async () => {
    await serve();
    const sent = await send(workload, account.image('v2'));
    await observeFully(account, workload, sent);
    expect(await restoreFully(account, workload, sent)).toMatchObject({ status: 'restored', by: 'us' });
    expect(liveImage()).toBe(formatImage(account.image('v1')));
    expect(await workload.readiness()).toMatchObject({ status: 'succeeded' });
    expect(updates()).toBe(2);
  });

  test.each([0, 1, 4, 10, 20, 40, 60, 90])(
    'is taken back %i seconds after it was sent, by another process',
    async (s) => {
      await serve();
      const sent = await send(workload, account.image('v2'));
      account.advance(s);
      expect(await restoreFully(account, await account.open(), sent)).toMatchObject({ status: 'restored' });
      expect(liveImage()).toBe(formatImage(account.image('v1')));
    },
  );

  test.each([1, 2, 3, 5, 8])(
    'is taken back although the process on the way back is replaced at each of %i looks',
    async (n) => {
      await serve();
      const sent = await send(workload, account.image('v2'));
      await observeFully(account, workload, sent);
      for (let look = 0; look < n; look += 1) {
        await (await account.open()).restore(sent.point, sent.mark, 0);
        account.advance(2);
      }
      expect(await restoreFully(account, await account.open(), sent)).toMatchObject({ status: 'restored' });
      expect(liveImage()).toBe(formatImage(account.image('v1')));
      expect(updates()).toBe(2);
    },
  );

  it('is taken back without the permission to stop it', async () => {
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
    const change = {
      images: [{ container: null, image: account.image('v1') }],
      environment: new Map(),
      secrets: new Map(),
    };
    expect(await workload.plan(change)).toMatchObject({ unchanged: true, differences: [] });
  });
});

describe('an image that crashes', () => {
  it('fails within a minute, with the exit code and the last lines, and is taken back', async () => {
    await serve();
    const sent = await send(workload, account.image('bad', { crash }));
    const began = account.now;
    const { operation, observation } = await observeFully(account, workload, sent);
    expect(observation).toMatchObject({ status: 'failed', reason: 'DEPLOY_FAILED' });
    expect(observation.message).toContain('container app exit code 3');
    expect(account.now - began).toBeLessThan(60_000);
    const diagnosis = await workload.diagnose(operation);
    expect(diagnosis.logs[0]?.lines.join('\n')).toContain('no configuration: giving up');
    expect(await restoreFully(account, workload, sent)).toMatchObject({ status: 'restored', by: 'us' });
    expect(liveImage()).toBe(formatImage(account.image('v1')));
  });

  it('that the circuit breaker takes back is red, and restored by the platform', async () => {
    await serve({ circuitBreaker: { enable: true, rollback: true } });
    account.cloud.deny('ecs:ListTasks');
    const sent = await send(workload, account.image('bad', { crash }));
    const { observation } = await observeFully(account, workload, sent);
    expect(observation).toMatchObject({ status: 'failed', reason: 'ROLLED_BACK_BY_PLATFORM' });
    expect(await restoreFully(account, workload, sent)).toMatchObject({ status: 'restored', by: 'platform' });
    expect(updates()).toBe(1);
  });

  it('or cannot be pulled fails for the first task', async () => {
    await serve();
    const missing = { ...account.image('v1'), digest: `sha256:${'0'.repeat(64)}` as const };
    const sent = await send(workload, missing);
    const { observation } = await observeFully(account, workload, sent);
    expect(observation).toMatchObject({ reason: 'DEPLOY_FAILED', message: expect.stringContaining('CannotPull') });
  });
});

describe('somebody else’s deployment', () => {
  test.each([0, 2, 30, 90])('%i seconds after ours makes ours overtaken, and is left alone', async (seconds) => {
    await serve();
    const sent = await send(workload, account.image('v2'));
    account.advance(seconds);
    account.cloud.foreignDeploy('production', 'agent', formatImage(account.image('theirs')));
    const before = updates();
    expect(await restoreFully(account, await account.open(), sent)).toMatchObject({ status: 'superseded' });
    expect(updates()).toBe(before);
    expect(liveImage()).toBe(formatImage(account.image('theirs')));
    const { observation } = await observeFully(account, workload, sent);
    expect(observation).toMatchObject({ status: 'failed', reason: 'SUPERSEDED' });
  });

  it('that is running is waited for before ours begins', async () => {
    await serve();
    account.cloud.foreignDeploy('production', 'agent', formatImage(account.image('theirs')));
    expect(await workload.readiness()).toMatchObject({ status: 'progressing', reason: 'BUSY' });
  });
});

test('an update that never arrived leaves nothing to do', async () => {
  await serve();
  const point = await workload.capture();
  const mark = await workload.prepare({
    images: [{ container: null, image: account.image('v2') }],
    environment: new Map(),
    secrets: new Map(),
  });
  expect(await restoreFully(account, workload, { point, mark })).toMatchObject({ status: 'untouched' });
  expect(updates()).toBe(0);
});

test('the URL of a service behind HTTPS is not guessed: the certificate is for another name', async () => {
  await serve();
  expect(await workload.endpoint(null)).toBeNull();
  expect(account.printed).toEqual([]);
});
