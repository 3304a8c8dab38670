import { describe, expect, test } from '@jest/globals';
import {
  decideObservation,
  type RevisionFacts,
} from '../../../../../src/clouds/azure/container-apps/decide-observation.ts';
import { findTrouble } from '../../../../../src/clouds/azure/container-apps/replica-trouble.ts';
import {
  isUp,
  type RevisionState,
  toRevisionState,
} from '../../../../../src/clouds/azure/container-apps/revision-state.ts';
import type { Goal } from '../../../../../src/model/workload.ts';

const up: RevisionState = {
  name: 'agent--d1',
  active: true,
  share: 0,
  replicas: 1,
  minReplicas: 1,
  maxReplicas: 10,
  provisioning: 'provisioned',
  health: 'healthy',
  running: 'running',
  error: '',
};

interface Given extends Partial<Omit<RevisionFacts, 'operation'>> {
  readonly goal?: Goal;
}

function factsOf({ goal = { kind: 'up' }, ...parts }: Given): RevisionFacts {
  return {
    operation: { mark: 'agent--d1', goal },
    ours: up,
    foreign: null,
    readyRevision: null,
    isTrafficInForce: true,
    busy: false,
    changeError: null,
    trouble: null,
    hasRun: true,
    troubledMs: 0,
    ...parts,
  };
}

const proven = { text: 'container web: Waiting, CrashLoopBackOff, restarted twice', evidence: 'proven' } as const;
const suspected = { text: 'container web: Waiting, CreateContainerError', evidence: 'suspected' } as const;
const asleep = { ...up, health: 'none', running: 'scaledtozero', replicas: 0, minReplicas: 0 };
const notReady = { ...up, health: 'none', running: 'activating' };

describe('one full read of our revision', () => {
  test.each<[string, Given, 'succeeded' | 'progressing' | 'failed', string]>([
    ['healthy', {}, 'succeeded', 'UP'],
    ['not listed', { ours: null }, 'progressing', 'NOT_LISTED'],
    ['not listed, and its change failed', { ours: null, changeError: 'X: no' }, 'failed', 'DEPLOY_REJECTED'],
    ['provisioned is not healthy', { ours: notReady }, 'progressing', 'NOT_READY'],
    ['a word that is not known', { ours: { ...up, health: 'none', running: 'dreaming' } }, 'progressing', 'NOT_READY'],
    ['scaled to zero', { ours: asleep }, 'succeeded', 'UP'],
    ['without a replica, against its minimum', { ours: { ...asleep, minReplicas: 1 } }, 'progressing', 'NOT_READY'],
    [
      'called healthy without a replica, against its minimum',
      { ours: { ...up, replicas: 0, minReplicas: 2 } },
      'progressing',
      'NOT_READY',
    ],
    ['running, and unhealthy', { ours: { ...up, health: 'unhealthy' } }, 'progressing', 'NOT_READY'],
    ['unhealthy for long', { ours: { ...up, health: 'unhealthy' }, troubledMs: 60_000 }, 'failed', 'DEPLOY_FAILED'],
    ['activation failed', { ours: { ...notReady, running: 'activationfailed' } }, 'failed', 'DEPLOY_FAILED'],
    ['a platform error', { ours: { ...notReady, error: 'Deadline Exceeded' } }, 'failed', 'DEPLOY_FAILED'],
    ['crashes again and again', { ours: notReady, trouble: proven }, 'failed', 'DEPLOY_FAILED'],
    ['can not be made, for now', { ours: notReady, trouble: suspected, troubledMs: 5_000 }, 'progressing', 'NOT_READY'],
    ['can not be made, still', { ours: notReady, trouble: suspected, troubledMs: 46_000 }, 'failed', 'DEPLOY_FAILED'],
    ['its change expired', { ours: notReady, changeError: 'X: expired' }, 'failed', 'DEPLOY_FAILED'],
    ['another counts as ready', { readyRevision: 'agent--old' }, 'progressing', 'NOT_READY'],
    ['superseded', { foreign: 'agent--x was deployed after ours' }, 'failed', 'SUPERSEDED'],
    ['deactivated by another user', { ours: { ...up, active: false } }, 'failed', 'SUPERSEDED'],
    ['with its weight', { goal: { kind: 'weight', percent: 20 } }, 'succeeded', 'UP'],
    [
      'without its weight',
      { goal: { kind: 'weight', percent: 20 }, isTrafficInForce: false },
      'progressing',
      'MOVING_TRAFFIC',
    ],
    [
      'with its weight in progress',
      { goal: { kind: 'weight', percent: 20 }, busy: true },
      'progressing',
      'MOVING_TRAFFIC',
    ],
    [
      'whose weight was refused',
      { goal: { kind: 'weight', percent: 20 }, isTrafficInForce: false, changeError: 'X: Internal error.' },
      'failed',
      'DEPLOY_FAILED',
    ],
  ])('%s', (_title, parts, status, reason) => {
    expect(decideObservation(factsOf(parts))).toMatchObject({
      status,
      reason,
      ...(status === 'failed' ? { as: reason } : {}),
    });
  });

  test('the share in force is told while traffic moves, and when it has moved', () => {
    const goal = { kind: 'weight', percent: 20 } as const;
    const at = (share: number, isTrafficInForce: boolean) =>
      decideObservation(factsOf({ goal, ours: { ...up, share }, isTrafficInForce }));
    expect(at(5, false)).toMatchObject({ status: 'progressing', share: { percent: 5, why: null } });
    expect(at(20, true)).toMatchObject({ status: 'succeeded', share: { percent: 20, why: null } });
  });

  test('words are compared without looking at case', () => {
    const state = toRevisionState({
      active: true,
      provisioningState: 'PROVISIONED',
      healthState: 'Healthy',
      runningState: 'RunningAtMaxScale',
      replicas: 2,
    });
    expect(isUp(state)).toBe(true);
  });
});

describe('what containers say', () => {
  const replica = (container: object) => [{ containers: [{ name: 'web', ready: false, ...container }] }];
  test.each([
    ['a first crash proves nothing', { restartCount: 0, runningStateDetails: 'CrashLoopBackOff' }, 'suspected'],
    ['a second one does', { restartCount: 1, runningStateDetails: 'CrashLoopBackOff' }, 'proven'],
    ['so do two restarts', { restartCount: 2, runningState: 'Running' }, 'proven'],
    ['a pull that fails without a cause mostly passes', { runningStateDetails: 'ImagePullBackOff' }, 'passing'],
    ['so does one that times out', { runningStateDetails: 'ErrImagePull: i/o timeout' }, 'passing'],
    ['one that is refused stays so', { runningStateDetails: 'ImagePullBackOff: UNAUTHORIZED' }, 'suspected'],
    ['one that starts is fine', { runningStateDetails: 'ContainerCreating' }, undefined],
    ['one that is ready is fine, whatever it did before', { ready: true, restartCount: 9 }, undefined],
  ])('%s', (_title, container, evidence) => {
    expect(findTrouble(replica(container))?.evidence).toBe(evidence);
  });

  test('an init container counts too', () => {
    const [one] = replica({ restartCount: 3, name: 'migrate' });
    expect(findTrouble([{ initContainers: one!.containers }])?.text).toBe('container migrate: restarted 3 times');
  });
});
