import { openCloudRunClouds } from './clouds/cloud-run.ts';
import type { Clouds } from './clouds/clouds.ts';
import { openContainerAppsClouds } from './clouds/container-apps.ts';
import { openEcsClouds } from './clouds/ecs.ts';
import { openKubernetesClouds } from './clouds/kubernetes.ts';
import { openMultiCloud } from './clouds/multi-cloud.ts';

export interface Template {
  /** Its file in workflow-templates/, without the ending. */
  readonly name: string;
  /** The first job that touches production; absent: `production`. */
  readonly production?: string;
  /**
   * A world with a staging and a production that run v1, and trust `acme/agent`. `asking`: the repository whose jobs say
   * who they are, if it is another.
   */
  readonly open: (asking?: string) => Promise<Clouds>;
}

/** One row for each template. */
export const templates: readonly Template[] = [
  { name: 'deploy-ecs', open: openEcsClouds },
  { name: 'deploy-cloud-run', open: openCloudRunClouds },
  { name: 'deploy-container-apps', open: openContainerAppsClouds },
  { name: 'deploy-kubernetes', open: openKubernetesClouds },
  { name: 'deploy-multi-cloud', production: 'production-ecs', open: openMultiCloud },
];
