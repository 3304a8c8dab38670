import type { Io } from '../../io/io.ts';
import { DeployError } from '../../model/errors.ts';
import type { InputReader } from '../../model/input-reader.ts';
import { expectForm } from './login.ts';

const PROJECT = /^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/;

/** '': the one that google-github-actions/auth left. */
export function readProject(reader: InputReader): string {
  const project = reader.text('project');
  expectForm(reader, 'project', PROJECT, {
    given: project,
    expected: 'the id of a project, such as acme-production',
  });
  return project;
}

// What google-github-actions/auth and setup-gcloud leave, in the order in which Google's own tools read them.
const PROJECT_VARIABLES = [
  'GOOGLE_CLOUD_PROJECT',
  'GCLOUD_PROJECT',
  'CLOUDSDK_CORE_PROJECT',
  'CLOUDSDK_PROJECT',
  'GCP_PROJECT',
];

/**
 * @param what completes "could not tell the Google Cloud project of …": `service agent`
 * @throws DeployError INPUT_INVALID where neither the input nor the job says
 */
export function findProject(project: string, what: string, io: Pick<Io, 'env'>): string {
  const found = project || (PROJECT_VARIABLES.map((name) => io.env[name] ?? '').find((value) => value !== '') ?? '');
  if (PROJECT.test(found)) return found;
  const why = found === '' ? 'none was given' : `the job’s environment says "${found.slice(0, 40)}"`;
  throw new DeployError('INPUT_INVALID', `could not tell the Google Cloud project of ${what}: ${why}`, {
    hint: 'Set the input `project`, or `project_id` of google-github-actions/auth before this step.',
  });
}

/** '': any. */
export function readExpectedProject(reader: InputReader): string {
  const given = reader.text('expected-account');
  expectForm(reader, 'expected-account', PROJECT, { given, expected: 'the id of a project, such as acme-production' });
  return given;
}

/** @throws DeployError INPUT_INVALID when the deployment is for another project */
export function ensureExpectedProject(found: string, expected: string): void {
  if (expected === '' || found === expected) return;
  throw new DeployError('INPUT_INVALID', `could not start in project ${expected}: this deployment is for ${found}`, {
    hint: 'Correct `project`, `project_id` of google-github-actions/auth, or the input `expected-account`.',
  });
}
