import type { Clouds } from './clouds/clouds.ts';
import { openEcsClouds } from './clouds/ecs.ts';

export interface Template {
  /** Its file in workflow-templates/, without the ending. */
  readonly name: string;
  /** A world with a staging and a production that run v1. */
  readonly open: () => Promise<Clouds>;
}

/** One row for each template. */
export const templates: readonly Template[] = [{ name: 'deploy-ecs', open: openEcsClouds }];
