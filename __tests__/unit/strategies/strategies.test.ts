import { describe, expect, test } from '@jest/globals';
import type { Capabilities } from '../../../src/model/workload.ts';
import { blueGreen } from '../../../src/strategies/blue-green.ts';
import { canary } from '../../../src/strategies/canary.ts';
import { describeStep } from '../../../src/strategies/describe-step.ts';
import { ensurePossible } from '../../../src/strategies/ensure-possible.ts';
import { preview } from '../../../src/strategies/preview.ts';
import { rolling } from '../../../src/strategies/rolling.ts';
import type { Step, Strategy } from '../../../src/strategies/strategy.ts';
import { parseTrafficSteps } from '../../../src/strategies/traffic-steps.ts';

const MINUTE = 60_000;

const byPercent: Capabilities = {
  traffic: { by: 'us', weights: 'any' },
  preview: true,
  changes: ['edit'],
  remedy: null,
};

describe('what a strategy does, in order', () => {
  test.each<[string, Strategy, string, readonly string[]]>([
    ['rolling', rolling, '100%', ['deploy', 'smoke live', 'finish', 'confirm']],
    ['traffic: 0', preview, '100%', ['deploy at 0', 'smoke preview']],
    [
      'canary',
      canary,
      '5% for 5m, 25% for 0s',
      ['deploy at 0', 'smoke preview', '5%', 'bake 5% 5m', '25%', '100%', 'smoke live', 'finish', 'confirm'],
    ],
    [
      'canary that is analyzed at 100% too',
      canary,
      '50%, 100% for 2m',
      ['deploy at 0', 'smoke preview', '50%', 'bake 50% 1m', '100%', 'smoke live', 'bake 100% 2m', 'finish', 'confirm'],
    ],
    [
      'blue-green',
      blueGreen,
      '100% for 1m',
      ['deploy at 0', 'smoke preview', '100%', 'smoke live', 'bake 100% 1m', 'finish', 'confirm'],
    ],
  ])('%s', (_, strategy, steps, expected) => {
    expect(strategy.plan(parseTrafficSteps(steps), byPercent).map(abbreviate)).toEqual(expected);
  });

  test.each([canary, blueGreen, preview])('$name sends no user to a revision that was not smoke-tested', (strategy) => {
    const steps = strategy.plan(parseTrafficSteps(strategy.steps?.default ?? '100%'), byPercent).map(abbreviate);
    expect(steps.slice(0, 2)).toEqual(['deploy at 0', 'smoke preview']);
  });

  test.each([
    [canary, '5% for 5m, 25%', 5],
    [blueGreen, '100% for 1m', 100],
    [preview, '100%', undefined],
  ])('$name brings up what its first share takes', ({ plan }, steps, firstShare) => {
    expect(plan(parseTrafficSteps(steps), byPercent)[0]).toEqual({
      ...{ kind: 'deploy', takeTraffic: false, shifts: [] },
      ...(firstShare === undefined ? {} : { firstShare }),
    });
  });

  test('each step that changes or tests something is said in a plan', () => {
    const said = canary.plan(parseTrafficSteps('5% for 5m'), byPercent).map(describeStep);
    expect(said.filter((line) => line !== null)).toEqual([
      'Bring up the new revision with no traffic.',
      'Smoke-test the new revision at its own address.',
      'Shift traffic to it: 5%.',
      'Analyze it at 5% for 5m.',
      'Shift traffic to it: 100%.',
      'Smoke-test the live service.',
    ]);
  });

  test('a share that the replicas do not allow is planned as the nearest one, and said', () => {
    const traffic = { by: 'us', weights: { replicas: 5 } } as const;
    const steps = canary.plan(parseTrafficSteps('5% for 5m'), { ...byPercent, traffic });
    expect(steps.map(describeStep)).toContain('Shift traffic to it: 5% asked for, 20% in force: 1 of 5 replicas.');
    expect(steps.map(describeStep)).toContain('Analyze it at 5% asked for, 20% in force: 1 of 5 replicas for 5m.');
  });

  test('a platform that shifts traffic itself gets all steps with the change, and is advanced from pause to pause', () => {
    const shifts = parseTrafficSteps('5% for 5m, 25% for 0s');
    const traffic = { by: 'platform', weights: 'any' } as const;
    const steps = canary.plan(shifts, { ...byPercent, traffic });
    expect(steps[0]).toEqual({ kind: 'deploy', takeTraffic: false, shifts });
    const expected = [
      'deploy at 0',
      'smoke preview',
      'advance 5%',
      'bake 5% 5m',
      'advance 25%',
      'advance 100%',
      'smoke live',
      'finish',
    ];
    expect(steps.map(abbreviate)).toEqual([...expected, 'confirm']);
  });
});

function abbreviate(step: Step): string {
  switch (step.kind) {
    case 'deploy':
      return step.takeTraffic ? 'deploy' : 'deploy at 0';
    case 'smoke-test':
      return `smoke ${step.against}`;
    case 'set-weight':
      return `${step.percent}%`;
    case 'advance':
      return `advance ${step.percent}%`;
    case 'bake':
      return `bake ${step.percent}% ${step.durationMs / MINUTE}m`;
    case 'finish':
    case 'confirm':
      return step.kind;
  }
}

describe('the steps of the traffic', () => {
  test.each([
    ['5% for 5m, 25% for 10m', '5/5 25/10 100/0'],
    ['5 % for 1h30m\n50% for 0s', '5/90 50/0 100/0'],
    ['100% for 1m', '100/1'],
    [' 1%,,2% ', '1/1 2/1 100/0'],
    ['5%, 25%, 100%', '5/1 25/1 100/0'],
    ['100%', '100/1'],
    ['100% for 0s', '100/0'],
  ])('%j is read', (text, expected) => {
    const read = parseTrafficSteps(text).map(({ percent, bakeMs }) => `${percent}/${bakeMs / MINUTE}`);
    expect(read.join(' ')).toBe(expected);
  });

  test.each([
    ['25%, 5%', '5% comes after 25%'],
    ['5%, 5%', '5% comes after 5%'],
    ['100%, 100%', '100% comes after 100%'],
    ['0%', '"0%" is not between 1% and 100%'],
    ['101%', '"101%" is not between 1% and 100%'],
    ['5', '"5" is not a share with a duration'],
    ['-5%', '"-5%" is not a share'],
    ['5.5%', '"5.5%" is not a share'],
    ['5% for ever', 'has no duration of at most 24h'],
    ['5% for 25h', 'has no duration of at most 24h'],
    [',', 'expected 1 to 20 steps'],
    [Array.from({ length: 21 }, (_, index) => `${index + 1}%`).join(), 'expected 1 to 20 steps'],
  ])('%j is refused, and said why', (text, why) => {
    expect(() => parseTrafficSteps(text)).toThrow(why);
  });
});

describe('a strategy that a workload cannot do is refused with what would work', () => {
  test.each<[string, Strategy, Partial<Capabilities>, string | null]>([
    ['canary, where it can', canary, {}, null],
    ['rolling, where it can nothing', rolling, { traffic: null, preview: false }, null],
    ['canary, without traffic', canary, { traffic: null }, 'its traffic cannot be split between two revisions'],
    [
      'canary, with one replica',
      canary,
      { traffic: { by: 'us', weights: { replicas: 1 } } },
      'one replica cannot share',
    ],
    ['blue-green, without a preview', blueGreen, { preview: false }, 'cannot be reached before it gets traffic'],
    ['traffic: 0, without traffic', preview, { traffic: null }, 'could not use traffic: 0 on service agent'],
    [
      'traffic: 0, where the platform shifts',
      preview,
      { traffic: { by: 'platform', weights: 'any' } },
      'cannot be held',
    ],
  ])('%s', (_, strategy, lacks, why) => {
    const attempt = () =>
      ensurePossible(strategy, { resource: 'service agent', capabilities: { ...byPercent, ...lacks } });
    if (why === null) expect(attempt).not.toThrow();
    else expect(attempt).toThrow(why);
  });

  test('the way to more is in the hint', () => {
    const remedy = 'Set its revision mode to Multiple';
    const capabilities: Capabilities = { traffic: null, preview: false, changes: ['edit'], remedy };
    expect(() => ensurePossible(canary, { resource: 'app agent', capabilities })).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED',
        hint: 'Set its revision mode to Multiple; or: Use `strategy: rolling`.',
      }),
    );
  });
});
