import type { DeployResult } from './deploy.ts';
import { type Stage, settle } from './stage.ts';

/** What an outcome says where the traffic had to stay pinned: the command comes next. */
const RELEASE = /To let it follow the latest revision again: (?:gcloud|az) /;
/** What it says where a revision that no one needs could not be ended. */
const DEACTIVATE = /az containerapp revision deactivate --name \S+ --resource-group \S+ --revision ([\w-]+)/g;

/** A person runs the commands that the runs named for what they had to leave. `release`: also the one for the traffic. */
export async function doAsSaid(
  stage: Stage,
  runs: readonly DeployResult[],
  { release }: { readonly release: boolean },
): Promise<void> {
  const revisions = [...textOf(runs).matchAll(DEACTIVATE)].flatMap(([, revision]) => revision ?? []);
  for (const revision of new Set(revisions)) stage.deactivate?.(revision);
  if (release && saysRelease(runs)) stage.release?.();
  if (revisions.length > 0 || release) await settle(stage);
}

/** Did one of them name the command that lets the traffic follow the latest revision? */
export function saysRelease(runs: readonly DeployResult[]): boolean {
  return RELEASE.test(textOf(runs));
}

function textOf(runs: readonly DeployResult[]): string {
  const stages = runs.flatMap(({ main, post }) => (post ? [main, post] : [main]));
  return stages.map(({ log, summary }) => `${log}\n${summary}`).join('\n');
}
