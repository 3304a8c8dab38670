import type { World } from '../../simulators/world.ts';

const worlds = new Map<number, World>();

/** Steps that run in this process find this world by the port of its clock. Returns how to forget it. */
export function registerWorld(world: World): () => void {
  worlds.set(world.clock.port, world);
  return () => void worlds.delete(world.clock.port);
}

/** @throws Error when there is none */
export function findWorld(port: number): World {
  const world = worlds.get(port);
  if (!world) throw new Error('the world of this step is not registered');
  return world;
}
