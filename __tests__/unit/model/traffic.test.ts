import { describe, expect, test } from '@jest/globals';
import { formatShare, nearestShare, replicasBeside, shareOfReplicas } from '../../../src/model/traffic.ts';

describe('new replicas beside those of the previous revision, which keeps all of its own', () => {
  test.each([
    // asked, stable, ours
    [5, 4, 1],
    [5, 19, 1],
    [5, 38, 2],
    [25, 4, 1],
    [33, 4, 2],
    [50, 4, 4],
    [75, 4, 4],
    [99, 4, 4],
    [100, 4, 4],
    [1, 1, 1],
    [50, 1, 1],
    [10, 100, 11],
  ])('%i%% of the traffic beside %i takes %i', (percent, stable, ours) => {
    expect(replicasBeside(percent, stable)).toBe(ours);
  });

  test.each([
    [5, 4, '5% asked for, 20% in force: 1 of 5 replicas, as 5% needs 19 stable ones'],
    [5, 19, '5%'],
    [25, 4, '25% asked for, 20% in force: 1 of 5 replicas'],
    [20, 4, '20%'],
    [75, 4, '75% asked for, 50% in force: 4 of 8 replicas'],
    [100, 4, '100%'],
  ])('%i%% beside %i is said as: %s', (percent, stable, said) => {
    expect(formatShare(percent, nearestShare(percent, { stable }))).toBe(said);
  });

  test('the share in force follows from those that get traffic', () => {
    expect(shareOfReplicas(1, 8)).toEqual({ percent: 11.1, why: '1 of 9 replicas' });
    expect(shareOfReplicas(0, 0)).toEqual({ percent: 0, why: '0 of 0 replicas' });
  });
});
