import type { DeployResult } from './deploy.ts';
import { type Stage, settle } from './stage.ts';

/** What an outcome says where the traffic had to stay pinned: the command comes next. */
const SAID = /To let it follow the latest revision again: (?:gcloud|az) /;

/** Where a run said that the traffic stays pinned, a person runs the command that it named. */
export async function releaseAsSaid(stage: Stage, runs: readonly DeployResult[]): Promise<void> {
  const isSaid = runs.some(({ main, post }) => SAID.test(`${main.summary}\n${post?.summary ?? ''}`));
  if (!isSaid || !stage.release) return;
  stage.release();
  await settle(stage);
}
