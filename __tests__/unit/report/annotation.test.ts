import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { emptyRecord, endAs, type Outcome } from '../../../src/model/outcome.ts';
import { report } from '../../../src/report/index.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';

const PAGE = 'https://github.com/org/deploy-agent/blob/main/docs/troubleshooting.md';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'report-'));
});
afterAll(() => rm(folder, { recursive: true }));

const failure = { code: 'DEPLOY_FAILED', message: 'could not roll out agent:42: it crashes', hint: 'Fix it.' } as const;
const denied = {
  code: 'PERMISSION_DENIED',
  message: 'could not update it: no',
  hint: 'Add ecs:UpdateService.',
} as const;

async function annotationOf(outcome: Outcome): Promise<readonly string[]> {
  const io = fakeIo({ env: { RUNNER_TEMP: folder } });
  const errors: string[] = [];
  await report(outcome, emptyRecord(0), { ...io, log: { ...io.log, error: (message) => void errors.push(message) } });
  expect(errors).toHaveLength(1);
  return errors[0]!.split('\n');
}

test('a failure that was rolled back is annotated with its cause, its next step and the entry of its error', async () => {
  expect(await annotationOf(endAs('rolled-back', { failure }))).toEqual([
    failure.message,
    'Next step: Fix it.',
    `About DEPLOY_FAILED: ${PAGE}#deploy_failed`,
  ]);
});

test.each(['rollback-failed', 'rollback-unconfirmed'] as const)(
  '%s is annotated first with why the rollback failed, its next step and the command',
  async (kind) => {
    const rollback = { failure: denied, command: 'aws ecs update-service' };
    expect(await annotationOf(endAs(kind, { failure, rollback }))).toEqual([
      'Rollback: could not update it: no',
      'Next step: Add ecs:UpdateService.',
      'To check or repair it by hand: aws ecs update-service',
      failure.message,
      `About PERMISSION_DENIED: ${PAGE}#permission_denied`,
    ]);
  },
);
