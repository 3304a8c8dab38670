import { appendFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { askPeer, type PeerAnswer, type PeerQuestion } from '../../../conformance/verify/ask-peers.ts';
import { DeployError } from '../../../src/model/errors.ts';
import type { VerifiedImage } from '../../../src/model/requirement.ts';
import type { Opened } from '../registry/copy-world.ts';

/** `conformance/verify/run-verify.ts` names the folder with `gh` and `cosign`, one for their files, and a file for lines of `Answered`. */
const given = process.env['VERIFY_PEERS'];
const peers = given ? (JSON.parse(given) as { folder: string; scratch: string; log: string }) : null;

/** What we and a peer said in one test. */
export interface Answered {
  /** Relative to `__tests__/` */
  readonly file: string;
  readonly test: string;
  readonly ours: PeerAnswer['verdict'];
  readonly peer: PeerAnswer['peer'] | null;
  readonly theirs: PeerAnswer['verdict'] | null;
  /** Why none was asked. */
  readonly reason: string | null;
}

/** Asks cosign or gh the same, where the run is for that; otherwise it does nothing. */
export async function askBeside(
  { served }: Opened,
  questions: readonly PeerQuestion[],
  verdict: Promise<readonly VerifiedImage[]>,
): Promise<void> {
  if (!peers) return;
  const ours = await verdict.then(
    () => 'accepted' as const,
    (error: unknown) => (error instanceof DeployError && error.code === 'IMAGE_UNVERIFIED' ? 'refused' : null),
  );
  // What is no verdict (a trusted root that can't be read) has no counterpart.
  if (ours === null) return;
  const { currentTestName: test = '', testPath = '' } = expect.getState();
  const file = testPath.slice(testPath.indexOf('__tests__/') + '__tests__/'.length);
  const note = (answered: Omit<Answered, 'file' | 'test' | 'ours'>): void =>
    appendFileSync(peers.log, `${JSON.stringify({ file, test, ours, ...answered })}\n`);
  const before = served.seen.length;
  const answers = [];
  for (const question of questions) answers.push(await askPeer(question, peers));
  // Tests count our own requests.
  served.seen.splice(before);
  const reasons = answers.flatMap((answer) => ('reason' in answer ? [answer.reason] : []));
  if (reasons.length > 0) return note({ peer: null, theirs: null, reason: reasons[0]! });
  const named = answers as readonly PeerAnswer[];
  const theirs = named.find(({ verdict }) => verdict !== 'accepted')?.verdict ?? 'accepted';
  note({ peer: named.at(-1)?.peer ?? null, theirs, reason: null });
}
