import type { Answered } from '../../__tests__/unit/verification/beside-peers.ts';

/** Tests in which a peer answers otherwise than we do: an entry of differences.yml. */
export interface Difference {
  readonly peer: string;
  readonly theirs: string;
  readonly why: string;
  /** A text in the names of the tests. */
  readonly tests: readonly string[];
}

/** Verdicts that differ and have no entry, and entries of which no verdict differs any more; none: all is explained. */
export function findProblems(answers: readonly Answered[], differences: readonly Difference[]): readonly string[] {
  const unexplained = answers.filter((one) => isDifferent(one) && explanationOf(one, differences) === null);
  const unused = differences.flatMap((one) =>
    one.tests.filter((name) => !answers.some((answer) => isDifferent(answer) && explains(one, name, answer))),
  );
  return [
    ...unexplained.map(({ test, peer, ours, theirs }) => `${test}: ${ours}, ${peer}: ${theirs}`),
    ...unused.map((name) => `no difference any more in: ${name}`),
  ];
}

export function isDifferent({ peer, ours, theirs }: Answered): boolean {
  return peer !== null && (ours === 'accepted') !== (theirs === 'accepted');
}

/** null: no entry is of it. */
export function explanationOf(answer: Answered, differences: readonly Difference[]): string | null {
  return differences.find((one) => one.tests.some((name) => explains(one, name, answer)))?.why ?? null;
}

function explains({ peer, theirs }: Difference, name: string, answer: Answered): boolean {
  return answer.peer === peer && answer.theirs === theirs && answer.test.includes(name);
}
