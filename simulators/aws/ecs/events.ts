import type { AwsWorld } from '../world.ts';
import type { Service } from './state.ts';

const MOST_EVENTS = 100;

/** Adds to the service's event list, in ECS's words: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html */
export function addEvent(world: AwsWorld, service: Service, text: string): void {
  const event = { id: world.ids.uuid(), createdAt: world.queue.now, message: `(service ${service.name}) ${text}` };
  service.events = [event, ...service.events].slice(0, MOST_EVENTS);
}
