import { isDeepStrictEqual } from 'node:util';
import type { Behaviour } from '../simulators/behaviour.ts';
import type { JsonObject } from '../simulators/json.ts';
import type { ActionResult } from '../simulators/runner.ts';

export interface Ending {
  readonly result: ActionResult;
  readonly before: JsonObject;
  readonly after: JsonObject;
  readonly now: { readonly status: number; readonly body: string };
  readonly visits: { readonly asked: number; readonly failed: number };
}

export interface Story {
  readonly title: string;
  readonly description: string;
  readonly tag: string;
  readonly behaviour: Partial<Behaviour>;
  /** In addition to the usual inputs. */
  readonly inputs?: Readonly<Record<string, string>>;
  readonly cancelAfterMs?: number;
  /** Differences from the expected result, as text; empty: none. */
  check(ending: Ending): readonly string[];
}

const healthy = { '/predict': { status: 200, body: '{"label":"greeting","score":0.9}' } };
const lastLogLines = [
  'INFO  starting agent v4',
  'Traceback (most recent call last):',
  '  File "/app/main.py", line 12, in <module>',
  "KeyError: 'OPENAI_API_KEY'",
];

export const rollingStories: readonly Story[] = [
  {
    title: 'A successful deployment',
    description: 'v2 is copied to the registry, rolled out and smoke-tested.',
    tag: 'v2',
    behaviour: { answers: healthy },
    check: ({ result, now, visits }) => [
      ...expectEqual('outcome', result.main.outputs['outcome'], 'deployed'),
      ...expectEqual('exit code', result.main.exitCode, 0),
      ...expectEqual('live version', now.body, 'v2'),
      ...expectEqual('failed requests', visits.failed, 0),
    ],
  },
  {
    title: 'A build whose smoke test fails',
    description: 'v3 passes every health check, but its main endpoint returns 500. It is rolled back.',
    tag: 'v3',
    behaviour: { answers: { '/predict': { status: 500, body: 'model weights not found' } } },
    check: ({ result, ...ending }) => [
      ...expectEqual('outcome', result.main.outputs['outcome'], 'rolled-back'),
      ...expectEqual('exit code', result.main.exitCode, 1),
      ...expectAsBefore(ending),
      ...expectEqual('failed requests', ending.visits.failed, 0),
    ],
  },
  {
    title: 'A crash loop',
    description: 'v4 exits at startup. The job fails within seconds and prints the last log lines. v2 keeps serving.',
    tag: 'v4',
    behaviour: { crash: { afterMs: 1_500, exitCode: 1, logs: lastLogLines } },
    check: ({ result, ...ending }) => [
      ...expectEqual('outcome', result.main.outputs['outcome'], 'rolled-back'),
      ...expectEqual('exit code', result.main.exitCode, 1),
      ...expectEqual('last log lines are printed', result.main.log.includes(lastLogLines[3]!), true),
      ...expectAsBefore(ending),
      ...expectEqual('failed requests', ending.visits.failed, 0),
    ],
  },
  {
    title: 'A job that is cancelled midway',
    description:
      'v5 is healthy, but the job is cancelled. Main requests the rollback at once; the post step waits and verifies it.',
    tag: 'v5',
    behaviour: { answers: healthy },
    cancelAfterMs: 20_000,
    check: ({ result, ...ending }) => [
      ...expectEqual('outcome of main', result.main.outputs['outcome'], undefined),
      ...expectEqual('main was ended', result.main.exitCode, 1),
      ...expectEqual('post says rolled-back', result.post.log.includes('[rolled-back]'), true),
      ...expectAsBefore(ending),
      ...expectEqual('failed requests', ending.visits.failed, 0),
    ],
  },
];

const canary = { strategy: 'canary', steps: '5% for 5m, 25% for 5m' };

export const canaryStories: readonly Story[] = [
  {
    title: 'A healthy canary',
    description:
      'v2 is smoke-tested at its own address before any user reaches it, and gets 5%, 25%, then all traffic.',
    tag: 'v2',
    behaviour: { answers: healthy },
    inputs: canary,
    check: ({ result, now, visits }) => [
      ...expectEqual('outcome', result.main.outputs['outcome'], 'deployed'),
      ...expectEqual('traffic at 5%', /^traffic: .*95 ?%.* 5 ?%/m.test(result.main.log), true),
      ...expectEqual('live version', now.body, 'v2'),
      ...expectEqual('failed requests', visits.failed, 0),
    ],
  },
  {
    title: 'A canary that becomes unhealthy',
    description:
      'v3 passes its smoke tests and gets 5%. Then it returns errors: the previous revision gets all the traffic again.',
    tag: 'v3',
    behaviour: { answers: healthy, unhealthyAfterMs: 90_000 },
    inputs: canary,
    check: ({ result, ...ending }) => [
      ...expectEqual('outcome', result.main.outputs['outcome'], 'rolled-back'),
      ...expectEqual('exit code', result.main.exitCode, 1),
      ...expectEqual('larger share', /25 ?% of the traffic/.test(result.main.log), false),
      ...expectAsBefore(ending),
    ],
  },
];

export const blueGreenStories: readonly Story[] = [
  {
    title: 'Blue-green',
    description: 'v2 starts next to v1, is smoke-tested at its own address, and gets all the traffic at once.',
    tag: 'v2',
    behaviour: { answers: healthy },
    inputs: { strategy: 'blue-green' },
    check: ({ result, now, visits }) => [
      ...expectEqual('outcome', result.main.outputs['outcome'], 'deployed'),
      ...expectEqual('live version', now.body, 'v2'),
      ...expectEqual('failed requests', visits.failed, 0),
    ],
  },
  {
    title: 'A build that fails before any user reaches it',
    description:
      'The main endpoint of v3 returns 500. The smoke tests at its own address find this before it gets traffic.',
    tag: 'v3',
    behaviour: { answers: { '/predict': { status: 500, body: 'model weights not found' } } },
    inputs: { strategy: 'blue-green' },
    check: ({ result, ...ending }) => [
      ...expectEqual('outcome', result.main.outputs['outcome'], 'rolled-back'),
      ...expectAsBefore(ending),
      ...expectEqual('failed requests', ending.visits.failed, 0),
    ],
  },
];

const canaryOfPods = { strategy: 'canary', steps: '25% for 5m, 50% for 5m' };

export const kubernetesStories: readonly Story[] = [
  {
    title: 'A canary of a plain Deployment',
    description:
      'Pods of v2 start beside the 3 of v1, behind a readiness gate. Smoke-tested, they get 25%, 50%, then all traffic.',
    tag: 'v2',
    behaviour: { answers: healthy },
    inputs: canaryOfPods,
    check: ({ result, now, visits }) => [
      ...expectEqual('outcome', result.main.outputs['outcome'], 'deployed'),
      ...expectEqual('share by pods', result.main.log.includes('25% of the traffic (1 of 4 replicas)'), true),
      ...expectEqual('live version', now.body, 'v2'),
      ...expectEqual('failed requests', visits.failed, 0),
    ],
  },
  {
    title: 'An image that fails in its pods',
    description: 'v3 exits at startup. The job fails within seconds, with its last log lines; no request reached it.',
    tag: 'v3',
    behaviour: { crash: { afterMs: 1_500, exitCode: 1, logs: lastLogLines } },
    inputs: canaryOfPods,
    check: ({ result, ...ending }) => [
      ...expectEqual('outcome', result.main.outputs['outcome'], 'rolled-back'),
      ...expectEqual('exit code', result.main.exitCode, 1),
      ...expectEqual('last log lines are printed', result.main.log.includes(lastLogLines[3]!), true),
      ...expectAsBefore(ending),
      ...expectEqual('failed requests', ending.visits.failed, 0),
    ],
  },
];

function expectAsBefore({ before, after, now }: Omit<Ending, 'result'>): readonly string[] {
  const same = isDeepStrictEqual(before, after) ? [] : ['the service differs from its state before the deployment'];
  return [...same, ...expectEqual('live version', now.body, 'v2')];
}

function expectEqual(what: string, actual: unknown, expected: unknown): readonly string[] {
  return isDeepStrictEqual(actual, expected) ? [] : [`${what}: expected ${expected}, got ${actual}`];
}
