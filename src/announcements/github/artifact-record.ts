import type { GitHubApi } from '../../github/api.ts';
import type { OutcomeKind } from '../../model/outcome.ts';
import type { Evidence } from '../../report/evidence.ts';
import { cutText } from '../message.ts';

const LONGEST_NAME = 256;
const LONGEST_ENVIRONMENT = 128;
/** The image serves then. After a rollback what was recorded before is true again. */
const SERVING: readonly OutcomeKind[] = ['deployed', 'unchanged'];

/** null: there is nothing to record. */
export function artifactRecordOf({ outcome, record, run }: Evidence) {
  const { image, digest, resource } = record;
  if (!SERVING.includes(outcome.kind) || image === null || digest === null || run.environment === null) return null;
  return {
    name: cutText(image.split('@')[0]!, LONGEST_NAME),
    digest,
    ...(run.commit === null ? {} : { version: run.commit }),
    status: 'deployed' as const,
    logical_environment: cutText(run.environment, LONGEST_ENVIRONMENT),
    // GitHub keeps one record for an environment and this name, and writes over it.
    deployment_name: cutText(resource ?? run.requested.service ?? image, LONGEST_NAME),
    return_records: false,
  };
}

/**
 * Records in the artifact metadata of the organization that this image runs there, which security alerts are filtered by.
 * https://docs.github.com/rest/orgs/artifact-metadata
 */
export async function writeArtifactRecord(
  { owner, repo, request }: GitHubApi,
  record: NonNullable<ReturnType<typeof artifactRecordOf>>,
): Promise<void> {
  await request('POST /orgs/{org}/artifacts/metadata/deployment-record', {
    ...record,
    org: owner,
    github_repository: repo,
  });
}
