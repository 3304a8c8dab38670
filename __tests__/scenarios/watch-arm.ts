import type { Agent } from '../../simulators/agent.ts';
import type { JsonObject } from '../../simulators/json.ts';

/** One call of the action to Azure Resource Manager and what that answered. */
export interface ArmExchange {
  /** `ContainerApps_Update` */
  readonly operation: string;
  /** Virtual time. */
  readonly at: number;
  readonly request: JsonObject;
  readonly status: number;
  readonly answer: JsonObject;
}

/** Everything that the action asks ARM from now on; the list grows. It shows whether a scenario was really staged. */
export function watchArm(agent: Agent): readonly ArmExchange[] {
  const seen: ArmExchange[] = [];
  agent.world.edge.onExchange(({ operation, request, answer }) => {
    const [service, name = ''] = operation.split(':');
    if (service !== 'arm') return;
    const parse = (text: unknown) => JSON.parse(String(text ?? '') || '{}') as JsonObject;
    const at = agent.world.clock.now();
    seen.push({ operation: name, at, request: parse(request.body), status: answer.status, answer: parse(answer.body) });
  });
  return seen;
}

export function answersOf(seen: readonly ArmExchange[], operation: string): readonly JsonObject[] {
  return seen.filter((one) => one.operation === operation).map(({ answer }) => answer);
}

/** What was asked of ARM that changes the app: the bodies of its patches. */
export function patchesIn(seen: readonly ArmExchange[]): readonly JsonObject[] {
  return seen.filter(({ operation }) => operation === 'ContainerApps_Update').map(({ request }) => request);
}

/** One member of every revision in every answer: `runningState`. */
export function revisionStatesIn(seen: readonly ArmExchange[], member: string): readonly unknown[] {
  return answersOf(seen, 'ContainerAppsRevisions_GetRevision').map(
    (answer) => (answer['properties'] as JsonObject | undefined)?.[member],
  );
}
