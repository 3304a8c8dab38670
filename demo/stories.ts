import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../simulators/aws/json.ts';
import type { Behaviour } from '../simulators/behaviour.ts';
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

function expectAsBefore({ before, after, now }: Omit<Ending, 'result'>): readonly string[] {
  const same = isDeepStrictEqual(before, after) ? [] : ['the service is not exactly as it was before'];
  return [...same, ...expectEqual('live version', now.body, 'v2')];
}

function expectEqual(what: string, seen: unknown, expected: unknown): readonly string[] {
  return isDeepStrictEqual(seen, expected) ? [] : [`${what}: expected ${expected}, got ${seen}`];
}
