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
  readonly what: string;
  readonly tag: string;
  readonly behaviour: Partial<Behaviour>;
  /** Beside the usual ones. */
  readonly inputs?: Readonly<Record<string, string>>;
  readonly cancelAfterMs?: number;
  /** What is not as it should be, in words; none: it ended as told. */
  check(ending: Ending): readonly string[];
}

const healthy = { '/predict': { status: 200, body: '{"label":"greeting","score":0.9}' } };
const lastWords = [
  'INFO  starting agent v4',
  'Traceback (most recent call last):',
  '  File "/app/main.py", line 12, in <module>',
  "KeyError: 'OPENAI_API_KEY'",
];

export const rollingStories: readonly Story[] = [
  {
    title: 'A good deploy',
    what: 'v2 is copied into the registry, rolled out, smoke-tested, and stays.',
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
    what: 'v3 passes every health check, and answers 500 where it matters. It is rolled back.',
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
    what: 'v4 dies at the start. The job is red in seconds, with the container’s last words, and v2 never stopped.',
    tag: 'v4',
    behaviour: { crash: { afterMs: 1_500, exitCode: 1, logs: lastWords } },
    check: ({ result, ...ending }) => [
      ...expectEqual('outcome', result.main.outputs['outcome'], 'rolled-back'),
      ...expectEqual('exit code', result.main.exitCode, 1),
      ...expectEqual('the last words are shown', result.main.log.includes(lastWords[3]!), true),
      ...expectAsBefore(ending),
      ...expectEqual('failed requests', ending.visits.failed, 0),
    ],
  },
  {
    title: 'A job that is cancelled half-way',
    what: 'v5 is fine, but somebody cancels. Main asks for the way back at once; the post step waits and proves it.',
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
    title: 'A canary that does well',
    what: 'v2 is smoke-tested at its own address before any user reaches it, gets 5 %, 25 %, then everything.',
    tag: 'v2',
    behaviour: { answers: healthy },
    inputs: canary,
    check: ({ result, now, visits }) => [
      ...expectEqual('outcome', result.main.outputs['outcome'], 'deployed'),
      ...expectEqual('traffic at 5 %', /^traffic: .*95 %.* 5 %/m.test(result.main.log), true),
      ...expectEqual('live version', now.body, 'v2'),
      ...expectEqual('failed requests', visits.failed, 0),
    ],
  },
  {
    title: 'A canary that gets sick',
    what: 'v3 passes its smoke tests and gets 5 %. Then its errors start: it is back at 0 %, with all that was before.',
    tag: 'v3',
    behaviour: { answers: healthy, unhealthyAfterMs: 90_000 },
    inputs: canary,
    check: ({ result, ...ending }) => [
      ...expectEqual('outcome', result.main.outputs['outcome'], 'rolled-back'),
      ...expectEqual('exit code', result.main.exitCode, 1),
      ...expectEqual('no larger share', result.main.log.includes('25 % of the traffic'), false),
      ...expectAsBefore(ending),
    ],
  },
];

export const blueGreenStories: readonly Story[] = [
  {
    title: 'Blue-green',
    what: 'v2 comes up beside v1, is smoke-tested at its own address, and gets everything at once.',
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
    title: 'A build that fails before any user sees it',
    what: 'v3 answers 500 where it matters. Its smoke tests find it at its own address, and no user ever reaches it.',
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

function expectAsBefore({ before, after, now }: Omit<Ending, 'result'>): readonly string[] {
  const same = isDeepStrictEqual(before, after) ? [] : ['the service is not exactly as it was before'];
  return [...same, ...expectEqual('live version', now.body, 'v2')];
}

function expectEqual(what: string, seen: unknown, expected: unknown): readonly string[] {
  return isDeepStrictEqual(seen, expected) ? [] : [`${what}: expected ${expected}, got ${seen}`];
}
