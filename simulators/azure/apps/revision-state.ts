import { isReady } from './replicas.ts';
import { scaleOf } from './revision-life.ts';
import type { AppStaging, Revision } from './state.ts';

/** What the published API lists for the states that only the portal's documentation has. */
const DOCUMENTED: Readonly<Record<string, string>> = {
  Activating: 'Processing',
  ActivationFailed: 'Failed',
  ScaledToZero: 'Running',
  RunningAtMaxScale: 'Running',
};

/** https://learn.microsoft.com/azure/container-apps/revisions#running-status */
export function runningStateOf(revision: Revision, staging: AppStaging): string {
  const state = findRunningState(revision, staging);
  return staging.documentedStatesOnly ? (DOCUMENTED[state] ?? state) : state;
}

export function healthStateOf(revision: Revision, staging: AppStaging): 'Healthy' | 'Unhealthy' | 'None' {
  const { active, replicas, wasReady, activationFailed } = revision;
  if (!active || replicas.length === 0) return 'None';
  if (activationFailed) return 'Unhealthy';
  if (!wasReady || staging.neverReady) return 'None';
  return replicas.every(isReady) ? 'Healthy' : 'Unhealthy';
}

/** A request to it is answered by a container: one is ready, or is started for it. */
export function canServe(revision: Revision): boolean {
  if (!revision.active) return false;
  return revision.replicas.some(isReady) || (revision.replicas.length === 0 && revision.wasReady);
}

function findRunningState(revision: Revision, staging: AppStaging): string {
  const { active, replicas, wasReady, activationFailed, provisioningState } = revision;
  if (!active) return 'Stopped';
  if (activationFailed) return 'ActivationFailed';
  if (replicas.length === 0) return 'ScaledToZero';
  if (!wasReady || staging.neverReady) return provisioningState === 'Provisioning' ? 'Processing' : 'Activating';
  if (!replicas.every(isReady)) return 'Degraded';
  return replicas.length >= scaleOf(revision).maxReplicas ? 'RunningAtMaxScale' : 'Running';
}
