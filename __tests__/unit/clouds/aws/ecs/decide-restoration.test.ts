import { describe, expect, it, test } from '@jest/globals';
import {
  decideRestoration,
  type RestorationFacts,
  type SeenDeployment,
} from '../../../../../src/clouds/aws/ecs/decide-restoration.ts';

const arn = (name: string): string => `arn:aws:ecs:eu-west-1:123456789012:task-definition/${name}`;
const BEFORE = arn('agent:41');
const OURS = arn('agent:42');
const THEIRS = arn('agent:43');

function seen(taskDefinition: string, status: string, createdAt: number): SeenDeployment {
  return { taskDefinition, status, createdAt, reason: '', revision: taskDefinition.split('/')[1] ?? '' };
}

interface Given extends Partial<Omit<RestorationFacts, 'mine' | 'deployments'>> {
  readonly mine?: string;
  readonly byPlatform?: boolean;
  readonly rolledBackTo?: string;
  readonly others?: readonly SeenDeployment[];
}

/** Ours was created at 100. `mine`: its status; absent: it is not listed. */
function decide({ mine, byPlatform = false, rolledBackTo, others = [], ...facts }: Given) {
  const ours = mine === undefined ? null : seen(OURS, mine, 100);
  return decideRestoration({
    live: OURS,
    mark: OURS,
    before: BEFORE,
    liveThen: BEFORE,
    steady: false,
    elapsedMs: 0,
    asked: { stop: false, putBack: false },
    ...facts,
    mine: ours && { ...ours, byPlatform, rolledBackTo: rolledBackTo ?? null },
    deployments: [...(ours ? [ours] : []), ...others].sort((a, b) => b.createdAt - a.createdAt),
  });
}

/** One word for a decision: the act, or the status of the answer. */
function word(given: Given): string {
  const decision = decide(given);
  if (decision.act === 'put-back') return decision.force ? 'put-back by force' : 'put-back';
  if (decision.act === 'stop') return 'stop';
  const { answer } = decision;
  if (answer.status === 'progressing') return answer.requested ? 'returning' : 'waiting';
  return answer.status === 'restored' ? `restored by ${answer.by}` : answer.status;
}

const RUNNING = ['PENDING', 'IN_PROGRESS', 'A_STATUS_OF_TOMORROW'];
const STOPPING = ['STOP_REQUESTED', 'ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS'];
const ENDED = ['SUCCESSFUL', 'STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'];
const ALL = [...RUNNING, ...STOPPING, ...ENDED];

describe('with nobody else about', () => {
  test.each(RUNNING)('our deployment that is %s is stopped', (mine) => {
    expect(word({ mine })).toBe('stop');
  });

  test.each(RUNNING)('our deployment that is %s is stopped also while the service still names the old one', (mine) => {
    expect(word({ mine, live: BEFORE })).toBe('stop');
  });

  test.each(STOPPING)('our deployment that is %s is waited for', (mine) => {
    expect(word({ mine })).toBe('returning');
    expect(word({ mine, live: BEFORE })).toBe('returning');
  });

  test.each(ENDED)('the service is pointed back when ours is %s and live', (mine) => {
    expect(word({ mine })).toBe('put-back');
  });

  it('is restored by the platform when that rolled back and nobody asked for it', () => {
    expect(word({ mine: 'ROLLBACK_SUCCESSFUL', live: BEFORE, byPlatform: true })).toBe('restored by platform');
  });

  it('is restored by us when we asked for the rollback, or when nothing tells', () => {
    const given: Given = { mine: 'ROLLBACK_SUCCESSFUL', live: BEFORE };
    expect(word(given)).toBe('restored by us');
    expect(word({ ...given, byPlatform: true, asked: { stop: true, putBack: false } })).toBe('restored by us');
  });

  it('does not point back twice while the service still shows ours', () => {
    expect(word({ mine: 'SUCCESSFUL', asked: { stop: false, putBack: true } })).toBe('returning');
  });

  it('does not try again to stop what it may not stop, once the service is pointed back', () => {
    expect(word({ mine: 'IN_PROGRESS', live: BEFORE, asked: { stop: false, putBack: true } })).toBe('returning');
  });

  it('forces a deployment of the old one when the rollback failed and left it named but not running', () => {
    expect(word({ mine: 'ROLLBACK_FAILED', live: BEFORE })).toBe('put-back by force');
    expect(word({ mine: 'ROLLBACK_FAILED', live: BEFORE, asked: { stop: false, putBack: true } })).toBe('returning');
  });

  it('takes a failed rollback for restored only when the old one is seen to run, alone and complete', () => {
    expect(word({ mine: 'ROLLBACK_FAILED', live: BEFORE, steady: true })).toBe('restored by us');
  });
});

describe('the way back as a deployment of its own', () => {
  const back = (status: string): readonly SeenDeployment[] => [seen(BEFORE, status, 200)];

  test.each([...RUNNING, ...STOPPING])('%s is waited for', (status) => {
    for (const live of [BEFORE, OURS]) {
      expect(word({ mine: 'SUCCESSFUL', live, others: back(status) })).toBe('returning');
    }
    expect(word({ live: BEFORE, others: back(status) })).toBe('returning');
  });

  test.each(['SUCCESSFUL', 'STOPPED'])('SUCCESSFUL after ours was %s is restored', (mine) => {
    expect(word({ mine, live: BEFORE, others: back('SUCCESSFUL') })).toBe('restored by us');
  });

  test.each(['STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'])(
    '%s has failed, and is not tried for ever',
    (status) => {
      for (const live of [BEFORE, OURS]) {
        expect(word({ mine: 'SUCCESSFUL', live, others: back(status) })).toBe('failed');
      }
    },
  );

  it('that has ended is not believed before the service names the old one', () => {
    expect(word({ mine: 'SUCCESSFUL', live: OURS, others: back('SUCCESSFUL') })).toBe('returning');
  });

  it('is not mistaken for the deployment that made the old one live once', () => {
    // The list is late: what is listed with the old task definition is older than ours.
    expect(word({ mine: 'SUCCESSFUL', live: BEFORE, others: [seen(BEFORE, 'SUCCESSFUL', 50)] })).toBe('returning');
    expect(word({ mine: 'SUCCESSFUL', live: BEFORE })).toBe('returning');
  });

  it('that is never listed is done when the service is seen to rest on the old one for half a minute', () => {
    expect(word({ mine: 'STOPPED', live: BEFORE, steady: true, elapsedMs: 29_999 })).toBe('returning');
    expect(word({ mine: 'STOPPED', live: BEFORE, steady: true, elapsedMs: 30_000 })).toBe('restored by us');
    expect(word({ mine: 'STOPPED', live: BEFORE, steady: false, elapsedMs: 90_000 })).toBe('returning');
  });
});

describe('when our deployment is not listed', () => {
  it('waits ten seconds for an update that may still arrive, and then says that nothing was touched', () => {
    expect(word({ live: BEFORE, elapsedMs: 9_999 })).toBe('waiting');
    expect(word({ live: BEFORE, elapsedMs: 10_000 })).toBe('untouched');
  });

  it('says so too when what was live had failed before and is not what would be put back', () => {
    expect(word({ live: arn('agent:40'), liveThen: arn('agent:40'), elapsedMs: 10_000 })).toBe('untouched');
  });

  it('waits for the list while ours is live, but not without end', () => {
    expect(word({ live: OURS, elapsedMs: 29_999 })).toBe('waiting');
    expect(word({ live: OURS, elapsedMs: 30_000 })).toBe('put-back');
  });

  it('follows a way back that was begun without it', () => {
    expect(word({ live: BEFORE, others: [seen(BEFORE, 'SUCCESSFUL', 200)] })).toBe('restored by us');
    expect(word({ live: BEFORE, elapsedMs: 60_000, asked: { stop: false, putBack: true } })).toBe('returning');
  });
});

describe('when somebody else deployed', () => {
  test.each([...ALL, undefined])('theirs is left alone when it is live and ours is %s', (mine) => {
    expect(word({ ...(mine ? { mine } : {}), live: THEIRS })).toBe('superseded');
    expect(word({ ...(mine ? { mine } : {}), live: THEIRS, elapsedMs: 60_000 })).toBe('superseded');
  });

  const later = (status: string): readonly SeenDeployment[] => [seen(THEIRS, status, 150)];

  test.each(ALL)('theirs is left alone when it is listed though not yet live, and ours is %s', (mine) => {
    for (const live of [OURS, BEFORE]) {
      expect(word({ mine, live, others: later('IN_PROGRESS') })).toBe('superseded');
      expect(word({ mine, live, others: later('SUCCESSFUL') })).toBe('superseded');
    }
  });

  test.each(['ROLLBACK_SUCCESSFUL', 'STOPPED'])(
    'theirs no longer counts when it is %s and ours is live again',
    (status) => {
      expect(word({ mine: 'SUCCESSFUL', others: later(status) })).toBe('put-back');
    },
  );

  it('theirs from before ours does not count: ours overtook it', () => {
    expect(word({ mine: 'SUCCESSFUL', others: [seen(THEIRS, 'STOPPED', 90)] })).toBe('put-back');
    expect(word({ mine: 'IN_PROGRESS', others: [seen(THEIRS, 'SUCCESSFUL', 90)] })).toBe('stop');
  });

  it('theirs after the way back is left alone', () => {
    const others = [seen(BEFORE, 'SUCCESSFUL', 200), seen(THEIRS, 'PENDING', 300)];
    expect(word({ mine: 'SUCCESSFUL', live: BEFORE, others })).toBe('superseded');
  });

  it('theirs that the way back overwrote is named', () => {
    const others = [seen(THEIRS, 'STOPPED', 150), seen(BEFORE, 'SUCCESSFUL', 200)];
    const decision = decide({ mine: 'SUCCESSFUL', live: BEFORE, others });
    expect(decision).toMatchObject({ answer: { status: 'restored', message: expect.stringContaining('agent:43') } });
  });

  it('theirs that was rolled back before the way back began was not overwritten', () => {
    const others = [seen(THEIRS, 'ROLLBACK_SUCCESSFUL', 150), seen(BEFORE, 'SUCCESSFUL', 200)];
    const decision = decide({ mine: 'SUCCESSFUL', live: BEFORE, others });
    expect(decision).toEqual({
      act: 'none',
      answer: { status: 'restored', by: 'us', message: 'agent:41 is live again' },
    });
  });

  it('theirs is left alone when the platform went back to it from ours', () => {
    const given: Given = { mine: 'ROLLBACK_SUCCESSFUL', live: THEIRS, rolledBackTo: THEIRS };
    expect(word({ ...given, others: [seen(THEIRS, 'SUCCESSFUL', 90)] })).toBe('superseded');
  });
});

describe('when the platform goes back to something else', () => {
  it('the service is pointed to what was noted down', () => {
    const older = arn('agent:39');
    expect(word({ mine: 'ROLLBACK_SUCCESSFUL', live: older, rolledBackTo: older })).toBe('put-back');
  });

  it('what was live then is as good, though it is not what we would have put back', () => {
    const failedThen = arn('agent:40');
    const given: Given = { mine: 'ROLLBACK_SUCCESSFUL', live: failedThen, liveThen: failedThen, byPlatform: true };
    expect(word(given)).toBe('restored by platform');
  });
});

test('every combination of status, live definition, way back and foreign deployment has a decision', () => {
  const statuses = [undefined, ...ALL];
  const lives = [OURS, BEFORE, THEIRS];
  const words = new Set<string>();
  for (const mine of statuses)
    for (const live of lives)
      for (const back of statuses)
        for (const theirs of statuses)
          for (const putBack of [false, true]) {
            const others = [...(back ? [seen(BEFORE, back, 200)] : []), ...(theirs ? [seen(THEIRS, theirs, 150)] : [])];
            const given: Given = {
              ...(mine ? { mine } : {}),
              live,
              others,
              elapsedMs: 40_000,
              asked: { stop: false, putBack },
            };
            const found = word(given);
            words.add(found);
            // Never act on a service that names somebody else's, and never call it restored.
            if (live === THEIRS) expect(found).toBe('superseded');
            if (live === OURS) expect(found).not.toMatch(/restored|untouched/);
            // Never a second mutation of the same kind.
            if (putBack) expect(found).not.toMatch(/put-back by force/);
          }
  expect([...words].sort()).toEqual([
    'failed',
    'put-back',
    'put-back by force',
    'restored by us',
    'returning',
    'stop',
    'superseded',
    'untouched',
  ]);
});
