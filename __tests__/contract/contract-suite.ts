import { afterEach, describe, expect, test } from '@jest/globals';
import type { OutcomeKind } from '../../src/model/outcome.ts';

/** One workload that serves something (or nothing), and a run that is interrupted. */
export interface ContractStage {
  /** Everything that a user configures and that serves. */
  snapshot(): unknown;
  /** What the live service answers; null: there is none. */
  ask(): Promise<string | null>;
  /**
   * Main runs the first `prefix` steps of the strategy's plan and leaves; then the post step runs, in a state of its own.
   * `total`: how many steps the plan has.
   */
  leaveAfter(
    prefix: number,
  ): Promise<{ readonly total: number; readonly outcome: OutcomeKind; readonly isRed: boolean }>;
  close(): Promise<void>;
}

/** A target with one strategy on it. */
export interface ContractRow {
  /** `strategy: canary, steps: 10% for 30s, 50%` */
  readonly title: string;
  open(): Promise<ContractStage>;
}

/** What every target promises, with every strategy that it can do. */
export function testContract(target: string, rows: readonly ContractRow[]): void {
  let stage: ContractStage | null = null;
  afterEach(async () => {
    await stage?.close();
    stage = null;
  });

  describe.each(rows)(`${target}, $title: after every prefix of the plan`, ({ title, open }) => {
    test('the rollback leads to exactly as before', async () => {
      let total = 1;
      for (let prefix = 0; prefix <= total; prefix += 1) {
        stage = await open();
        const [before, answer] = [stage.snapshot(), await stage.ask()];
        const left = await stage.leaveAfter(prefix);
        total = left.total;
        const outcome = prefix === 0 ? 'refused' : 'rolled-back';
        expect({ prefix, outcome: left.outcome, isRed: left.isRed }).toEqual({ prefix, outcome, isRed: true });
        expect({ prefix, after: stage.snapshot() }).toEqual({ prefix, after: before });
        expect({ prefix, answer: await stage.ask() }).toEqual({ prefix, answer });
        await stage.close();
        stage = null;
      }
      process.stdout.write(`${total + 1} of ${total + 1} prefixes are rolled back exactly: ${target}, ${title}\n`);
      expect(total).toBeGreaterThan(1);
    }, 240_000);
  });
}
