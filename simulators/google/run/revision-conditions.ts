import { type JsonObject, objectAt } from '../../json.ts';
import { numberOf } from '../json.ts';
import { viewCondition } from './conditions.ts';
import type { Revision, Service, Trouble } from './state.ts';

type State = Parameters<typeof viewCondition>[0]['state'];

const STATES: Readonly<Record<Revision['state'], State>> = {
  pending: 'CONDITION_RECONCILING',
  ready: 'CONDITION_SUCCEEDED',
  failed: 'CONDITION_FAILED',
};
const RETIRED: Trouble = { why: { revisionReason: 'RETIRED' }, message: 'Revision retired.' };
const RESERVED: Trouble = {
  why: { revisionReason: 'RESERVE' },
  message: 'Revision has a tag and no share of the traffic.',
};
const NOT_PROVISIONED: Trouble = {
  why: { revisionReason: 'MIN_INSTANCES_NOT_PROVISIONED' },
  message: 'Min instances are not provisioned: the revision is not configured to serve traffic, so it is not live.',
};

/**
 * What is wrong with a revision, and what only looks so: FAILED with severity INFO says no more than that it isn't in the
 * traffic. https://cloud.google.com/run/docs/reference/rest/v2/Condition
 */
export function revisionConditionsOf(service: Service, revision: Revision): readonly JsonObject[] {
  const { state } = revision;
  const conditions = [
    readyCondition(revision),
    ...containerConditions(revision),
    resourcesCondition(service, revision),
  ];
  if (state !== 'ready') return [...conditions, ...revision.extraConditions];
  const live = [activeCondition(service, revision), ...minInstancesCondition(service, revision)];
  return [...conditions, ...live, ...revision.extraConditions];
}

function readyCondition(revision: Revision): JsonObject {
  const { state, trouble, createdAt } = revision;
  const message = `Deploying revision succeeded in ${((atOf(revision) - createdAt) / 1_000).toFixed(2)}s.`;
  const said = state === 'ready' ? { why: {}, message } : trouble;
  return viewCondition({ type: 'Ready', state: STATES[state], at: atOf(revision), trouble: said });
}

/** The image is there, and what it starts is well. */
function containerConditions(revision: Revision): JsonObject[] {
  const { state, trouble } = revision;
  const at = atOf(revision);
  const isAboutHealth = state !== 'failed' || (trouble !== null && 'revisionReason' in trouble.why);
  if (!isAboutHealth) return [viewCondition({ type: 'ContainerReady', state: 'CONDITION_FAILED', at, trouble })];
  const isPulled = revision.containers.every(({ digest }) => digest !== '');
  return [
    viewCondition({ type: 'ContainerReady', state: isPulled ? 'CONDITION_SUCCEEDED' : STATES[state], at }),
    viewCondition({ type: 'ContainerHealthy', state: STATES[state], at, trouble }),
  ];
}

function resourcesCondition(service: Service, revision: Revision): JsonObject {
  const at = atOf(revision);
  const isRetired = revision.state === 'ready' && routesTo(service, revision).length === 0;
  if (!isRetired) return viewCondition({ type: 'ResourcesAvailable', state: 'CONDITION_SUCCEEDED', at });
  return viewCondition({ type: 'ResourcesAvailable', state: 'CONDITION_RECONCILING', at, trouble: RETIRED });
}

/** In the traffic, with an address of its own only, or none of both. */
function activeCondition(service: Service, revision: Revision): JsonObject {
  const at = atOf(revision);
  const routes = routesTo(service, revision);
  const serves = routes.some(({ percent }) => percent > 0);
  if (serves) return viewCondition({ type: 'Active', state: 'CONDITION_SUCCEEDED', at });
  const trouble = routes.length > 0 ? RESERVED : RETIRED;
  return viewCondition({ type: 'Active', state: 'CONDITION_FAILED', severity: 'INFO', at, trouble });
}

/** At 0% that is normal: the minimum counts for revisions that serve traffic. */
function minInstancesCondition(service: Service, revision: Revision): JsonObject[] {
  if (numberOf(objectAt(revision.template, 'scaling'), 'minInstanceCount') === 0) return [];
  const type = 'MinInstancesProvisioned';
  const at = atOf(revision);
  const serves = routesTo(service, revision).some(({ percent }) => percent > 0);
  if (serves) return [viewCondition({ type, state: 'CONDITION_SUCCEEDED', at })];
  return [viewCondition({ type, state: 'CONDITION_FAILED', severity: 'INFO', at, trouble: NOT_PROVISIONED })];
}

function routesTo(service: Service, revision: Revision): Service['routes'] {
  return service.routes.filter((route) => route.revision === revision);
}

function atOf({ settledAt, createdAt }: Revision): number {
  return settledAt ?? createdAt;
}
