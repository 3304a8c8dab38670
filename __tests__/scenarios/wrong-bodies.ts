import type { Agent } from '../../simulators/agent.ts';
import type { Call } from '../../simulators/edge/calls.ts';

/** What a broken proxy, or one with a login page, answers with status 200 in place of the API. */
export const WRONG_BODIES: ReadonlyMap<string, string> = new Map([
  ['{}', '{}'],
  ['null', 'null'],
  ['[]', '[]'],
  ['an empty body', ''],
  ['a web page', '<!DOCTYPE html>\n<html><body><h1>Sign in to the guest network</h1></body></html>'],
]);

/** One call of a good run, answered with one wrong body. */
export interface WrongAnswer {
  readonly operation: string;
  /** Which of the calls of that name, from 1. */
  readonly nth: number;
  /** It takes effect all the same. */
  readonly mutates: boolean;
  /** A key of `WRONG_BODIES`. */
  readonly body: string;
}

/** The first and the last call of each operation, with each body. The service's own answers are left out. */
export function listWrongAnswers(calls: readonly Call[]): readonly WrongAnswer[] {
  const counts = new Map<string, { count: number; mutates: boolean }>();
  for (const { operation, mutates } of calls) {
    // A HEAD has no body, and a layer is checked by its digest.
    if (/^workload:|:HEAD /.test(operation) || operation === 'registry:GET blob') continue;
    counts.set(operation, { count: (counts.get(operation)?.count ?? 0) + 1, mutates });
  }
  return [...counts].flatMap(([operation, { count, mutates }]) =>
    [...new Set([1, count])].flatMap((nth) =>
      [...WRONG_BODIES.keys()].map((body) => ({ operation, nth, mutates, body })),
    ),
  );
}

/** `of` of them, spread over calls and bodies: the same ones each time. */
export function chooseEvenly<T>(all: readonly T[], of: number): readonly T[] {
  if (all.length <= of) return all;
  return Array.from({ length: of }, (_, index) => {
    const start = Math.floor((index * all.length) / of);
    return all[start - (start % WRONG_BODIES.size) + (index % WRONG_BODIES.size)]!;
  });
}

const NEVER_SAID =
  /TypeError|Cannot read|\[object Object\]|unexpected error|is not a function|is not iterable|ZodError/;

/** Deploys v2 with this one wrong answer. null: it ended as promised; else what was wrong. */
export async function findBrokenPromise(
  agent: Agent,
  inputs: Readonly<Record<string, string>>,
  { operation, nth, mutates, body }: WrongAnswer,
): Promise<string | null> {
  const before = JSON.stringify(agent.snapshot());
  const name = operation.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const headers = { 'content-type': body === 'a web page' ? 'text/html' : 'application/json' };
  agent.world.edge.faults.add({
    operation: new RegExp(`^${name}$`),
    nth,
    when: mutates ? 'after' : 'before',
    act: { kind: 'status', status: 200, headers, body: WRONG_BODIES.get(body)! },
  });
  const { main, post } = await agent.deploy({ ...inputs, image: agent.world.publish('v2', {}) });
  const { outcome } = main.outputs;
  const promised = mutates ? ['deployed', 'rolled-back'] : ['deployed'];
  const said = NEVER_SAID.exec(`${main.log}${main.summary}${post.log}${post.summary}`);
  const live = await agent.ask();
  const serves = outcome === 'deployed' ? live.body === 'v2' : JSON.stringify(agent.snapshot()) === before;
  const problems = [
    ...(promised.includes(String(outcome)) ? [] : [`ended ${outcome}`]),
    ...((outcome === 'deployed') === (main.exitCode === 0) ? [] : [`exit code ${main.exitCode}`]),
    ...(post.exitCode === 0 ? [] : [`exit code of post ${post.exitCode}`]),
    ...(serves ? [] : [`${live.body} serves, or the configuration is another`]),
    ...(said ? [`says ${said[0]}`] : []),
  ];
  if (problems.length === 0) return null;
  const why = main.log.split('\n').filter((line) => /::error|could not|unexpected/.test(line));
  return [`${operation} #${nth} answered with ${body}: ${problems.join(', ')}`, ...why.slice(0, 3)].join('\n    ');
}
