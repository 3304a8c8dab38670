import { ecsTarget } from './aws/ecs/target.ts';
import { ecrRegistry } from './aws/registry/registry.ts';
import { containerAppsTarget } from './azure/container-apps/target.ts';
import { acrRegistry } from './azure/registry/registry.ts';
import { cloudRunTarget } from './google/cloud-run/target.ts';
import { artifactRegistry } from './google/registry/registry.ts';
import type { CloudRegistry, Target } from './target.ts';

/** Every kind of thing that can be deployed to, by the name that the input `target` gives it. */
export const targets: ReadonlyMap<string, Target> = new Map([
  ['ecs', ecsTarget],
  ['cloud-run', cloudRunTarget],
  ['container-apps', containerAppsTarget],
]);

/** Every kind of registry whose login is that of its cloud. */
export const registries: readonly CloudRegistry[] = [ecrRegistry, artifactRegistry, acrRegistry];
