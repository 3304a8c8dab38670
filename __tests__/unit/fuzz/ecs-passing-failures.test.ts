import { expect, test } from '@jest/globals';
import { formatImage } from '../../../src/model/image.ts';
import { fc } from '../../fixtures/fast-check.ts';
import { SimulatedAccount, send, watchFully } from '../clouds/aws/simulated-account.ts';

/** What AWS says of a task that can't start now and can a minute later. */
const PASSING = [
  'Timeout waiting for network interface provisioning to complete.',
  'CannotPullContainerError: ref pull has been retried 5 time(s): dial tcp 10.0.3.4:443: i/o timeout',
  'CannotPullContainerError: pull image manifest has been retried 5 time(s): 429 Too Many Requests - toomanyrequests',
  'ResourceInitializationError: unable to pull secrets or registry auth: RequestError: send request failed: context deadline exceeded',
  'Capacity is unavailable at this time. Please try again later or in a different availability zone.',
];

const rollouts = fc.record({
  desiredCount: fc.integer({ min: 1, max: 20 }),
  enable: fc.boolean(),
  /** Of the tasks that start first. null: this one starts. */
  starts: fc.array(fc.option(fc.constantFrom(...PASSING), { freq: 3 }), { maxLength: 24 }),
});

test('a rollout with failures that pass ends as it would without us: never rolled back where AWS ends it well', async () => {
  const counts = { good: 0, stoppedByAws: 0, failures: 0 };
  await fc.assert(
    fc.asyncProperty(rollouts, async ({ desiredCount, enable, starts }) => {
      const account = new SimulatedAccount();
      await account.start();
      try {
        const image = formatImage(account.image('v1'));
        const circuitBreaker = { enable, rollback: enable };
        account.cloud.addService({
          cluster: 'production',
          service: 'agent',
          image,
          desiredCount,
          circuitBreaker,
          loadBalanced: false,
        });
        account.cloud.setService('production', 'agent', { failingStarts: [...starts] });
        const workload = await account.open();
        const sent = await send(workload, account.image('v2'));
        const { observation } = await watchFully(account, workload, sent);
        counts.failures += starts.filter((reason) => reason !== null).length;
        counts[observation.status === 'succeeded' ? 'good' : 'stoppedByAws'] += 1;
        // The only other end is AWS's own.
        if (observation.status === 'failed') expect(observation.as).toBe('ROLLED_BACK_BY_PLATFORM');
        else expect(observation.status).toBe('succeeded');
      } finally {
        await account.close();
      }
    }),
    { numRuns: 40 },
  );
  console.log(`${counts.good} rollouts that AWS ended well, ${counts.stoppedByAws} that it stopped, 0 stopped by us`);
  expect(counts.good).toBeGreaterThan(0);
  expect(counts.failures).toBeGreaterThan(20);
});
