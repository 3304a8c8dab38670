import { deploy } from '../../src/engine/deploy.ts';
import { findEndpoint } from '../../src/engine/endpoint.ts';
import { finish, recalled, untouched } from '../../src/engine/finish.ts';
import { openJournal } from '../../src/engine/journal.ts';
import type { Rollout } from '../../src/engine/rollout.ts';
import type { Io } from '../../src/io/io.ts';
import { isGreen, type Outcome } from '../../src/model/outcome.ts';
import type { Change, Workload } from '../../src/model/workload.ts';
import { ensurePossible } from '../../src/strategies/ensure-possible.ts';
import type { Strategy } from '../../src/strategies/strategy.ts';
import { parseTrafficSteps } from '../../src/strategies/traffic-steps.ts';
import { type FakeIo, fakeIo } from '../fixtures/fake-io.ts';
import { runPrefix } from '../fixtures/run-prefix.ts';
import { scriptedRollout } from '../fixtures/scripted-rollout.ts';
import type { ContractStage } from './contract-suite.ts';

/** A target in a test folder: everything outside of it, in memory. */
export interface TestTarget {
  /** As another process would find it. */
  openWorkload(io: Io): Workload;
  snapshot(): unknown;
  ask(): Promise<string | null>;
}

export interface WorkloadRun {
  readonly strategy: Strategy;
  readonly steps: string;
  readonly change: Change;
  readonly io?: FakeIo;
}

/** One deploy as main runs it, without the action around it. */
export async function deployOn(target: TestTarget, run: WorkloadRun): Promise<Outcome> {
  return await deploy(await openRollout(target, { io: fakeIo(), ...run }));
}

/** What post does with what main left in `io.state`. */
export async function finishOn(target: TestTarget, io: FakeIo): Promise<Outcome> {
  const entry = openJournal(io).read();
  if (!entry || entry.phase === 'open') return untouched(entry);
  if (entry.phase === 'closed') return recalled(entry);
  const workload = target.openWorkload(io);
  const rollout = { ...scriptedRollout(workload, io, []), url: null, endpoint: null };
  return await finish({ ...rollout, entry, timeoutMs: 180_000 });
}

/** In this process, for the contract suite. */
export function openWorkloadStage(target: TestTarget, run: WorkloadRun): ContractStage {
  return {
    snapshot: target.snapshot,
    ask: target.ask,
    async leaveAfter(prefix) {
      const io = fakeIo();
      const rollout = await openRollout(target, { ...run, io });
      await runPrefix(rollout, { prefix, image: null, point: await rollout.workload.capture() });
      const outcome = await finishOn(target, io);
      return { total: rollout.steps.length, outcome: outcome.kind, isRed: !isGreen(outcome) };
    },
    close: async () => {},
  };
}

async function openRollout(
  target: TestTarget,
  { strategy, steps, change, io }: Required<WorkloadRun>,
): Promise<Rollout> {
  const workload = target.openWorkload(io);
  ensurePossible(strategy, workload);
  const endpoint = await findEndpoint({ url: null, smokeTests: [] }, workload, io);
  const planned = strategy.plan(parseTrafficSteps(steps), workload.capabilities);
  return { ...scriptedRollout(workload, io, planned), change, endpoint };
}
