import type { ContainerApp } from './app.ts';

/** When this process first saw it, in milliseconds since 1970. It only bounds how long something is waited for. */
export function firstSeenAt({ firstSeen, io }: Pick<ContainerApp, 'firstSeen' | 'io'>, what: string): number {
  const now = io.clock.now();
  const at = firstSeen.get(what) ?? now;
  firstSeen.set(what, at);
  return at;
}
