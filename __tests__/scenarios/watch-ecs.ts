import type { Agent } from '../../simulators/agent.ts';
import type { JsonObject } from '../../simulators/json.ts';

/** One call of the action to ECS and what ECS answered. */
export interface EcsExchange {
  /** `UpdateService` */
  readonly operation: string;
  /** Virtual time. */
  readonly at: number;
  readonly request: JsonObject;
  readonly answer: JsonObject;
}

/** A service as DescribeServices showed it. */
export interface SeenService {
  readonly at: number;
  readonly taskDefinition: string;
  readonly desiredCount: number;
  readonly runningCount: number;
  readonly deployments: readonly SeenDeployment[];
}

export interface SeenDeployment {
  readonly id: string;
  readonly status: string;
  readonly taskDefinition: string;
  readonly desiredCount: number;
  readonly runningCount: number;
  readonly failedTasks: number;
  readonly rolloutState: string;
}

/** Everything that the action asks ECS from now on; the list grows. It shows whether a scenario was really staged. */
export function watchEcs(agent: Agent): readonly EcsExchange[] {
  const seen: EcsExchange[] = [];
  agent.world.edge.onExchange(({ operation, request, answer }) => {
    const [service, name = ''] = operation.split(':');
    if (service !== 'ecs') return;
    const parse = (text: unknown) => JSON.parse(String(text)) as JsonObject;
    const at = agent.world.clock.now();
    seen.push({ operation: name, at, request: parse(request.body), answer: parse(answer.body) });
  });
  return seen;
}

export function answersOf(seen: readonly EcsExchange[], operation: string): readonly JsonObject[] {
  return seen.filter((one) => one.operation === operation).map(({ answer }) => answer);
}

/** Each answer of DescribeServices that held a service. */
export function servicesIn(seen: readonly EcsExchange[]): readonly SeenService[] {
  return seen.flatMap(({ operation, at, answer }) => {
    if (operation !== 'DescribeServices') return [];
    return ((answer['services'] ?? []) as unknown as SeenService[]).map((service) => ({ ...service, at }));
  });
}

/** Status of each service deployment in each answer, in the order in which they were seen. */
export function statusesIn(seen: readonly EcsExchange[], operation: string): readonly (readonly string[])[] {
  return answersOf(seen, operation).map((answer) =>
    ((answer['serviceDeployments'] ?? []) as unknown as { status: string }[]).map(({ status }) => status),
  );
}

/** What was asked of ECS that changes something, in order. */
export function changesIn(seen: readonly EcsExchange[]): readonly string[] {
  return seen.map(({ operation }) => operation).filter((operation) => /^(Register|Update|Stop)/.test(operation));
}
