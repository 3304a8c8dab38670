import { describe, expect, test } from '@jest/globals';
import {
  judgeRevision,
  type RevisionFacts,
} from '../../../../../src/clouds/azure/container-apps/decide-observation.ts';
import { findTrouble } from '../../../../../src/clouds/azure/container-apps/replica-trouble.ts';
import {
  isUp,
  type RevisionState,
  toRevisionState,
} from '../../../../../src/clouds/azure/container-apps/revision-state.ts';

const up: RevisionState = {
  name: 'agent--d1',
  active: true,
  share: 0,
  replicas: 1,
  provisioning: 'provisioned',
  health: 'healthy',
  running: 'running',
  error: '',
};

function factsOf(parts: Partial<RevisionFacts>): RevisionFacts {
  return {
    goal: { kind: 'up' },
    mark: 'agent--d1',
    ours: up,
    foreign: null,
    readyRevision: null,
    trafficIsSo: true,
    busy: false,
    changeError: null,
    trouble: null,
    troubledMs: 0,
    ...parts,
  };
}

const proven = { text: 'container web: Waiting, CrashLoopBackOff, restarted twice', evidence: 'proven' } as const;
const suspected = { text: 'container web: Waiting, ImagePullBackOff', evidence: 'suspected' } as const;
const notReady = { ...up, health: 'none', running: 'activating' };

describe('one look at our revision', () => {
  test.each<[string, Partial<RevisionFacts>, 'succeeded' | 'progressing' | 'failed', string]>([
    ['healthy', {}, 'succeeded', 'UP'],
    ['not listed', { ours: null }, 'progressing', 'NOT_LISTED'],
    ['not listed, and its change failed', { ours: null, changeError: 'X: no' }, 'failed', 'DEPLOY_FAILED'],
    ['provisioned is not healthy', { ours: notReady }, 'progressing', 'NOT_READY'],
    ['a word that nobody knows', { ours: { ...up, health: 'none', running: 'dreaming' } }, 'progressing', 'NOT_READY'],
    ['scaled to zero', { ours: { ...up, health: 'none', running: 'scaledtozero', replicas: 0 } }, 'succeeded', 'UP'],
    ['running, and unhealthy', { ours: { ...up, health: 'unhealthy' } }, 'progressing', 'NOT_READY'],
    ['unhealthy for long', { ours: { ...up, health: 'unhealthy' }, troubledMs: 60_000 }, 'failed', 'DEPLOY_FAILED'],
    ['activation failed', { ours: { ...notReady, running: 'activationfailed' } }, 'failed', 'DEPLOY_FAILED'],
    ['a platform error', { ours: { ...notReady, error: 'Deadline Exceeded' } }, 'failed', 'DEPLOY_FAILED'],
    ['crashes again and again', { ours: notReady, trouble: proven }, 'failed', 'DEPLOY_FAILED'],
    [
      'can not be pulled, for now',
      { ours: notReady, trouble: suspected, troubledMs: 5_000 },
      'progressing',
      'NOT_READY',
    ],
    ['can not be pulled, still', { ours: notReady, trouble: suspected, troubledMs: 46_000 }, 'failed', 'DEPLOY_FAILED'],
    ['its change expired', { ours: notReady, changeError: 'X: expired' }, 'failed', 'DEPLOY_FAILED'],
    ['another counts as ready', { readyRevision: 'agent--old' }, 'progressing', 'NOT_READY'],
    ['overtaken', { foreign: 'agent--x was deployed after ours' }, 'failed', 'SUPERSEDED'],
    ['deactivated by somebody', { ours: { ...up, active: false } }, 'failed', 'SUPERSEDED'],
    ['with its weight', { goal: { kind: 'weight', percent: 20 } }, 'succeeded', 'UP'],
    [
      'without its weight',
      { goal: { kind: 'weight', percent: 20 }, trafficIsSo: false },
      'progressing',
      'MOVING_TRAFFIC',
    ],
    [
      'with its weight under way',
      { goal: { kind: 'weight', percent: 20 }, busy: true },
      'progressing',
      'MOVING_TRAFFIC',
    ],
    [
      'whose weight was refused',
      { goal: { kind: 'weight', percent: 20 }, trafficIsSo: false, changeError: 'X: Internal error.' },
      'failed',
      'DEPLOY_FAILED',
    ],
  ])('%s', (_title, parts, status, reason) => {
    expect(judgeRevision(factsOf(parts))).toMatchObject({ status, reason });
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
    ['an image that is not there may come', { runningStateDetails: 'ImagePullBackOff' }, 'suspected'],
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
