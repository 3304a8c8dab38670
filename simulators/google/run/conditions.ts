import type { JsonObject } from '../../json.ts';
import { toTime, withoutDefaults } from '../json.ts';
import { isReconciling, type Service, type Trouble } from './state.ts';

type State = 'CONDITION_PENDING' | 'CONDITION_RECONCILING' | 'CONDITION_FAILED' | 'CONDITION_SUCCEEDED';

interface Condition {
  readonly type: string;
  readonly state: State;
  readonly at: number;
  readonly trouble?: { readonly why: Partial<Trouble['why']>; readonly message: string } | null;
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

function stateOf(service: Service, trouble: Trouble | null): State {
  if (isReconciling(service)) return 'CONDITION_RECONCILING';
  return trouble ? 'CONDITION_FAILED' : 'CONDITION_SUCCEEDED';
}
