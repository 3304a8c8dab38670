import { type JsonObject, numberOf, objectOf, toTime, withoutDefaults } from '../json.ts';
import type { Revision, Service, Trouble } from './state.ts';
import { isReconciling } from './state.ts';

type State = 'CONDITION_PENDING' | 'CONDITION_RECONCILING' | 'CONDITION_FAILED' | 'CONDITION_SUCCEEDED';

interface Condition {
  readonly type: string;
  readonly state: State;
  readonly at: number;
  readonly trouble?: Trouble | null;
  readonly severity?: 'INFO' | 'WARNING';
}

/** https://cloud.google.com/run/docs/reference/rest/v2/Condition */
export function viewCondition({ type, state, at, trouble, severity }: Condition): JsonObject {
  return withoutDefaults({
    ...{ type, state, message: trouble?.message ?? '', lastTransitionTime: toTime(at) },
    ...{ severity: severity ?? '', ...trouble?.why },
  });
}

/** `Ready` of a service: what its `terminalCondition` says. */
export function terminalConditionOf(service: Service): JsonObject {
  const trouble = service.configurationTrouble ?? service.routeTrouble;
  return viewCondition({ type: 'Ready', state: stateOf(service, trouble), at: service.transitionAt, trouble });
}

export function serviceConditionsOf(service: Service): readonly JsonObject[] {
  const { configurationTrouble, routeTrouble, transitionAt: at } = service;
  const configured = service.latestCreated?.state !== 'pending' ? 'CONDITION_SUCCEEDED' : 'CONDITION_RECONCILING';
  return [
    viewCondition({ type: 'RoutesReady', state: stateOf(service, routeTrouble), at, trouble: routeTrouble }),
    viewCondition({
      ...{ type: 'ConfigurationsReady', at, trouble: configurationTrouble },
      state: configurationTrouble ? 'CONDITION_FAILED' : configured,
    }),
  ];
}

/**
 * Not every condition of a revision that isn't CONDITION_SUCCEEDED is a failure: one of severity INFO only says that it
 * isn't in the traffic, for instance.
 */
export function revisionConditionsOf(service: Service, revision: Revision): readonly JsonObject[] {
  const { state, trouble, createdAt } = revision;
  const at = revision.settledAt ?? createdAt;
  const ready = { pending: 'CONDITION_RECONCILING', ready: 'CONDITION_SUCCEEDED', failed: 'CONDITION_FAILED' } as const;
  const isHealth = trouble !== null && 'revisionReason' in trouble.why;
  return [
    viewCondition({ type: 'Ready', state: ready[state], at, trouble }),
    viewCondition({
      type: 'ContainerReady',
      state: isHealth ? 'CONDITION_SUCCEEDED' : ready[state],
      at,
      trouble: isHealth ? null : trouble,
    }),
    viewCondition({
      type: 'ContainerHealthy',
      state: ready[state],
      at,
      trouble: isHealth || state === 'pending' ? trouble : null,
    }),
    viewCondition({ type: 'ResourcesAvailable', state: 'CONDITION_SUCCEEDED', at: createdAt }),
    ...(state === 'ready' ? [activeCondition(service, revision, at)] : []),
    ...(state === 'ready' ? minInstancesCondition(service, revision, at) : []),
    ...revision.extraConditions,
  ];
}

function stateOf(service: Service, trouble: Trouble | null): State {
  if (isReconciling(service)) return 'CONDITION_RECONCILING';
  return trouble ? 'CONDITION_FAILED' : 'CONDITION_SUCCEEDED';
}

/** In the traffic, with an address of its own only, or none of both. */
function activeCondition(service: Service, revision: Revision, at: number): JsonObject {
  const routes = service.routes.filter((route) => route.revision === revision);
  if (routes.some(({ percent }) => percent > 0))
    return viewCondition({ type: 'Active', state: 'CONDITION_SUCCEEDED', at });
  const trouble: Trouble =
    routes.length > 0
      ? {
          why: { revisionReason: 'RESERVE' },
          message: 'Revision is reserved: it has a tag and no share of the traffic.',
        }
      : { why: { revisionReason: 'RETIRED' }, message: 'Revision retired.' };
  return viewCondition({ type: 'Active', state: 'CONDITION_FAILED', severity: 'INFO', at, trouble });
}

/** At 0 % that is normal: the minimum counts for revisions that serve traffic. */
function minInstancesCondition(service: Service, revision: Revision, at: number): JsonObject[] {
  if (numberOf(objectOf(revision.template, 'scaling'), 'minInstanceCount') === 0) return [];
  const serves = service.routes.some((route) => route.revision === revision && route.percent > 0);
  if (serves) return [viewCondition({ type: 'MinInstancesProvisioned', state: 'CONDITION_SUCCEEDED', at })];
  const trouble: Trouble = {
    why: { revisionReason: 'MIN_INSTANCES_NOT_PROVISIONED' },
    message:
      'Minimum instances are not provisioned: the revision is not configured to serve traffic, so it is not live.',
  };
  return [viewCondition({ type: 'MinInstancesProvisioned', state: 'CONDITION_FAILED', severity: 'INFO', at, trouble })];
}
