/**
 * Events of every rollout that goes well: the task counts say the same in fewer lines.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
 */
const ROUTINE =
  /^\(service [^)]*\) (?:has started \d+ tasks?: |(?:de)?registered \d+ targets? in |has begun draining connections on |has stopped \d+ running tasks?: |has reached a steady state\.$|\(deployment [^)]*\) deployment completed\.$)/;

/** Those that a reader of the log doesn't expect: a task without a place, a failed health check. */
export function withoutRoutine(events: readonly string[]): readonly string[] {
  return events.filter((message) => !ROUTINE.test(message));
}
