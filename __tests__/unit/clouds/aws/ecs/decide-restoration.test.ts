import { describe, expect, it, test } from '@jest/globals';
import { decideRestoration, type RestorationFacts } from '../../../../../src/clouds/aws/ecs/decide-restoration.ts';
import type { SeenDeployment } from '../../../../../src/clouds/aws/ecs/deployment-order.ts';

const arn = (name: string): string => `arn:aws:ecs:eu-west-1:123456789012:task-definition/${name}`;
const PREVIOUS = arn('agent:41');
const OURS = arn('agent:42');
const OTHER = arn('agent:43');

function seen(taskDefinition: string, status: string, createdAt: number): SeenDeployment {
  return { taskDefinition, status, createdAt, reason: '', revision: taskDefinition.split('/')[1] ?? '' };
}

interface Given extends Partial<Omit<RestorationFacts, 'ours' | 'deployments'>> {
  readonly ours?: string;
  readonly byPlatform?: boolean;
  readonly rolledBackTo?: string;
  readonly others?: readonly SeenDeployment[];
}

/** Ours was created at 100. `ours`: its status; absent: it is not listed. */
function decide({ ours: status, byPlatform = false, rolledBackTo, others = [], ...facts }: Given) {
  const ours = status === undefined ? null : seen(OURS, status, 100);
  return decideRestoration({
    live: OURS,
    mark: OURS,
    previous: PREVIOUS,
    liveAtCapture: PREVIOUS,
    steady: false,
    isRollbackOurs: true,
    elapsedMs: 0,
    requested: { stop: false, update: false },
    ...facts,
    ours: ours && { ...ours, byPlatform, rolledBackTo: rolledBackTo ?? null },
    deployments: [...(ours ? [ours] : []), ...others].sort((a, b) => b.createdAt - a.createdAt),
  });
}

/** One word for a decision: the act, or the status of the answer. */
function word(given: Given): string {
  const decision = decide(given);
  if (decision.act === 'update') return decision.force ? 'update by force' : 'update';
  if (decision.act === 'stop') return 'stop';
  const { answer } = decision;
  if (answer.status === 'progressing') return answer.requested ? 'rolling back' : 'waiting';
  return answer.status === 'restored' ? `restored by ${answer.by}` : answer.status;
}

const RUNNING = ['PENDING', 'IN_PROGRESS', 'A_STATUS_OF_TOMORROW'];
const STOPPING = ['STOP_REQUESTED', 'ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS'];
const ENDED = ['SUCCESSFUL', 'STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'];
const ALL = [...RUNNING, ...STOPPING, ...ENDED];

describe('with no other deployment', () => {
  test.each(RUNNING)('our deployment that is %s is stopped', (ours) => {
    expect(word({ ours })).toBe('stop');
  });

  test.each(RUNNING)('our deployment that is %s is stopped also while the service still names the old one', (ours) => {
    expect(word({ ours, live: PREVIOUS })).toBe('stop');
  });

  test.each(STOPPING)('our deployment that is %s is waited for', (ours) => {
    expect(word({ ours })).toBe('rolling back');
    expect(word({ ours, live: PREVIOUS })).toBe('rolling back');
  });

  test.each(ENDED)('the service is updated to the previous revision when ours is %s and live', (ours) => {
    expect(word({ ours })).toBe('update');
  });

  it('is restored by the platform when that rolled back without being requested to', () => {
    expect(word({ ours: 'ROLLBACK_SUCCESSFUL', live: PREVIOUS, byPlatform: true })).toBe('restored by platform');
  });

  it('is restored by us when we requested the rollback, or when nothing tells', () => {
    const given: Given = { ours: 'ROLLBACK_SUCCESSFUL', live: PREVIOUS };
    expect(word(given)).toBe('restored by us');
    expect(word({ ...given, byPlatform: true, requested: { stop: true, update: false } })).toBe('restored by us');
  });

  it('does not update twice while the service still shows ours', () => {
    expect(word({ ours: 'SUCCESSFUL', requested: { stop: false, update: true } })).toBe('rolling back');
  });

  it('does not try again to stop what it may not stop, once the service is updated to the previous revision', () => {
    expect(word({ ours: 'IN_PROGRESS', live: PREVIOUS, requested: { stop: false, update: true } })).toBe(
      'rolling back',
    );
  });

  it('forces a deployment of the old one when the rollback failed and left it named but not running', () => {
    expect(word({ ours: 'ROLLBACK_FAILED', live: PREVIOUS })).toBe('update by force');
    expect(word({ ours: 'ROLLBACK_FAILED', live: PREVIOUS, requested: { stop: false, update: true } })).toBe(
      'rolling back',
    );
  });

  it('takes a failed rollback for restored only when the old one is seen to run, alone and complete', () => {
    expect(word({ ours: 'ROLLBACK_FAILED', live: PREVIOUS, steady: true })).toBe('restored by us');
  });
});

describe('the rollback as a deployment of its own', () => {
  const rollback = (status: string): readonly SeenDeployment[] => [seen(PREVIOUS, status, 200)];

  test.each([...RUNNING, ...STOPPING])('%s is waited for', (status) => {
    for (const live of [PREVIOUS, OURS]) {
      expect(word({ ours: 'SUCCESSFUL', live, others: rollback(status) })).toBe('rolling back');
    }
    expect(word({ live: PREVIOUS, others: rollback(status) })).toBe('rolling back');
  });

  test.each(['SUCCESSFUL', 'STOPPED'])('SUCCESSFUL after ours was %s is restored', (ours) => {
    expect(word({ ours, live: PREVIOUS, others: rollback('SUCCESSFUL') })).toBe('restored by us');
  });

  test.each(['STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'])(
    '%s has failed, and is not tried again',
    (status) => {
      for (const live of [PREVIOUS, OURS]) {
        expect(word({ ours: 'SUCCESSFUL', live, others: rollback(status) })).toBe('failed');
      }
    },
  );

  it('that has ended is not believed before the service names the old one', () => {
    expect(word({ ours: 'SUCCESSFUL', live: OURS, others: rollback('SUCCESSFUL') })).toBe('rolling back');
  });

  it('is not mistaken for the deployment that made the old one live once', () => {
    // The list is late: what is listed with the old task definition is older than ours.
    expect(word({ ours: 'SUCCESSFUL', live: PREVIOUS, others: [seen(PREVIOUS, 'SUCCESSFUL', 50)] })).toBe(
      'rolling back',
    );
    expect(word({ ours: 'SUCCESSFUL', live: PREVIOUS })).toBe('rolling back');
  });

  it('that is never listed is done when the service is seen to rest on the old one for half a minute', () => {
    expect(word({ ours: 'STOPPED', live: PREVIOUS, steady: true, elapsedMs: 29_999 })).toBe('rolling back');
    expect(word({ ours: 'STOPPED', live: PREVIOUS, steady: true, elapsedMs: 30_000 })).toBe('restored by us');
    expect(word({ ours: 'STOPPED', live: PREVIOUS, steady: false, elapsedMs: 90_000 })).toBe('rolling back');
  });
});

describe('when our deployment is not listed', () => {
  it('waits ten seconds for an update that may still take effect, and then says that nothing was touched', () => {
    expect(word({ live: PREVIOUS, elapsedMs: 9_999 })).toBe('waiting');
    expect(word({ live: PREVIOUS, elapsedMs: 10_000 })).toBe('untouched');
  });

  it('says so too when what was live had failed and is not what would be restored', () => {
    expect(word({ live: arn('agent:40'), liveAtCapture: arn('agent:40'), elapsedMs: 10_000 })).toBe('untouched');
  });

  it('waits for the list while ours is live, but not without end', () => {
    expect(word({ live: OURS, elapsedMs: 29_999 })).toBe('waiting');
    expect(word({ live: OURS, elapsedMs: 30_000 })).toBe('update');
  });

  it('follows a rollback that was begun without it', () => {
    expect(word({ live: PREVIOUS, others: [seen(PREVIOUS, 'SUCCESSFUL', 200)] })).toBe('restored by us');
    expect(word({ live: PREVIOUS, elapsedMs: 60_000, requested: { stop: false, update: true } })).toBe('rolling back');
  });
});

describe('with another deployment', () => {
  test.each([...ALL, undefined])('it is not touched when it is live and ours is %s', (ours) => {
    expect(word({ ...(ours ? { ours } : {}), live: OTHER })).toBe('superseded');
    expect(word({ ...(ours ? { ours } : {}), live: OTHER, elapsedMs: 60_000 })).toBe('superseded');
  });

  const later = (status: string): readonly SeenDeployment[] => [seen(OTHER, status, 150)];

  test.each(ALL)('it is not touched when it is listed though not yet live, and ours is %s', (ours) => {
    for (const live of [OURS, PREVIOUS]) {
      expect(word({ ours, live, others: later('IN_PROGRESS') })).toBe('superseded');
      expect(word({ ours, live, others: later('SUCCESSFUL') })).toBe('superseded');
    }
  });

  test.each(['ROLLBACK_SUCCESSFUL', 'STOPPED'])(
    'it no longer counts when it is %s and ours is live again',
    (status) => {
      expect(word({ ours: 'SUCCESSFUL', others: later(status) })).toBe('update');
    },
  );

  it('it does not count when it is older than ours: ours superseded it', () => {
    expect(word({ ours: 'SUCCESSFUL', others: [seen(OTHER, 'STOPPED', 90)] })).toBe('update');
    expect(word({ ours: 'IN_PROGRESS', others: [seen(OTHER, 'SUCCESSFUL', 90)] })).toBe('stop');
  });

  it('it is not touched when it is newer than the rollback', () => {
    const others = [seen(PREVIOUS, 'SUCCESSFUL', 200), seen(OTHER, 'PENDING', 300)];
    expect(word({ ours: 'SUCCESSFUL', live: PREVIOUS, others })).toBe('superseded');
  });

  it('it is named when the rollback overwrote it', () => {
    const others = [seen(OTHER, 'STOPPED', 150), seen(PREVIOUS, 'SUCCESSFUL', 200)];
    const decision = decide({ ours: 'SUCCESSFUL', live: PREVIOUS, others });
    expect(decision).toMatchObject({ answer: { status: 'restored', message: expect.stringContaining('agent:43') } });
  });

  it('it was not overwritten when it was rolled back before the rollback of ours began', () => {
    const others = [seen(OTHER, 'ROLLBACK_SUCCESSFUL', 150), seen(PREVIOUS, 'SUCCESSFUL', 200)];
    const decision = decide({ ours: 'SUCCESSFUL', live: PREVIOUS, others });
    expect(decision).toEqual({
      act: 'none',
      answer: { status: 'restored', by: 'us', message: 'agent:41 is live again' },
    });
  });

  it('it is not touched when the platform restored it from ours', () => {
    const given: Given = { ours: 'ROLLBACK_SUCCESSFUL', live: OTHER, rolledBackTo: OTHER };
    expect(word({ ...given, others: [seen(OTHER, 'SUCCESSFUL', 90)] })).toBe('superseded');
  });
});

describe('when the platform restores something else', () => {
  it('the service is updated to the restore point', () => {
    const older = arn('agent:39');
    expect(word({ ours: 'ROLLBACK_SUCCESSFUL', live: older, rolledBackTo: older })).toBe('update');
  });

  it('what was live at the capture is as good, though it is not what we would have restored', () => {
    const failedThen = arn('agent:40');
    const given: Given = { ours: 'ROLLBACK_SUCCESSFUL', live: failedThen, liveAtCapture: failedThen, byPlatform: true };
    expect(word(given)).toBe('restored by platform');
  });
});

test('every combination of status, live definition, rollback and other deployment has a decision', () => {
  const statuses = [undefined, ...ALL];
  const lives = [OURS, PREVIOUS, OTHER];
  const words = new Set<string>();
  for (const ours of statuses)
    for (const live of lives)
      for (const rollback of statuses)
        for (const other of statuses)
          for (const update of [false, true]) {
            const others = [
              ...(rollback ? [seen(PREVIOUS, rollback, 200)] : []),
              ...(other ? [seen(OTHER, other, 150)] : []),
            ];
            const given: Given = {
              ...(ours ? { ours } : {}),
              live,
              others,
              elapsedMs: 40_000,
              requested: { stop: false, update },
            };
            const found = word(given);
            words.add(found);
            // Never act on a service that names another deployment's, and never call it restored.
            if (live === OTHER) expect(found).toBe('superseded');
            if (live === OURS) expect(found).not.toMatch(/restored|untouched/);
            // Never a second mutation of the same kind.
            if (update) expect(found).not.toMatch(/update by force/);
          }
  expect([...words].sort()).toEqual([
    'failed',
    'restored by us',
    'rolling back',
    'stop',
    'superseded',
    'untouched',
    'update',
    'update by force',
  ]);
});

describe('a deployment of the previous revision that we did not request', () => {
  const again = [seen(PREVIOUS, 'IN_PROGRESS', 200)];

  test.each(ALL)('supersedes ours that is %s', (ours) => {
    expect(word({ ours, live: PREVIOUS, others: again, isRollbackOurs: false })).toBe('superseded');
    expect(word({ ours, live: OURS, others: again, isRollbackOurs: false })).toBe('superseded');
  });

  it('does not say that ours, which is not listed, was rolled back', () => {
    const given = { live: PREVIOUS, others: again, isRollbackOurs: false };
    expect(word({ ...given, elapsedMs: 0 })).toBe('waiting');
    expect(word({ ...given, elapsedMs: 10_000 })).toBe('untouched');
  });
});

describe('our change that takes effect after its rollback', () => {
  const rollback = [seen(PREVIOUS, 'SUCCESSFUL', 50)];
  const requested = { stop: false, update: true };

  it('is rolled back once more', () => {
    expect(word({ ours: 'IN_PROGRESS', others: rollback, requested })).toBe('stop');
    expect(word({ ours: 'SUCCESSFUL', others: rollback, requested })).toBe('update');
  });

  it('is told from an update that is not listed yet', () => {
    expect(word({ ours: 'IN_PROGRESS', requested })).toBe('rolling back');
  });
});

describe('two deployments of the same millisecond', () => {
  it('are told apart by their order in the list', () => {
    const facts = { ours: 'STOPPED', live: PREVIOUS, isRollbackOurs: false };
    // A stable sort keeps ours, which is given first, in front.
    expect(word({ ...facts, others: [seen(PREVIOUS, 'IN_PROGRESS', 100)], steady: true, elapsedMs: 30_000 })).toBe(
      'restored by us',
    );
  });
});
