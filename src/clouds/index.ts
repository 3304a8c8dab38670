import { ecsTarget } from './aws/ecs/target.ts';
import { containerAppsTarget } from './azure/container-apps/target.ts';
import { cloudRunTarget } from './google/cloud-run/target.ts';
import type { Target } from './target.ts';

/** Every kind of thing that can be deployed to, by the name that the input `target` gives it. */
export const targets: Readonly<Record<string, Target>> = {
  ecs: ecsTarget,
  'cloud-run': cloudRunTarget,
  'container-apps': containerAppsTarget,
};
