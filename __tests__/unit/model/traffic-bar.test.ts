import { expect, test } from '@jest/globals';
import { trafficBar } from '../../../src/model/traffic.ts';

test.each([
  [0, '░'.repeat(20)],
  [1, `█${'░'.repeat(19)}`],
  [25, `█████${'░'.repeat(15)}`],
  [99.9, `${'█'.repeat(19)}░`],
  [100, '█'.repeat(20)],
])('%d%% of the traffic is drawn', (percent, bar) => {
  expect(trafficBar(percent)).toBe(`${bar} ${percent}% of the traffic`);
});
