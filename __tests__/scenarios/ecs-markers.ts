import type { Agent } from '../../simulators/agent.ts';
import { type JsonObject, objectAt, objectsAt, textAt } from '../../simulators/json.ts';

const HEAD = /^deploy-agent\/\w+$/;

/** What each marker on the service says that its run is doing. */
export function markersOf(agent: Agent): readonly string[] {
  const tags = agent.world.aws.ecs.services[0]?.tags ?? [];
  const heads = tags.filter(({ key }) => HEAD.test(String(key)));
  return heads.map((tag) => textAt(tag, 'value').split(' ')[1] ?? '');
}

export function withoutMarkers(snapshot: JsonObject): JsonObject {
  const service = objectAt(snapshot, 'service');
  const tags = objectsAt(service, 'tags').filter(({ key }) => !String(key).startsWith('deploy-agent/'));
  return { ...snapshot, service: { ...service, tags } };
}
