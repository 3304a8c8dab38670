import type { Io } from '../../../io/io.ts';
import { DeployError } from '../../../model/errors.ts';
import type { InputReader } from '../../../model/input-reader.ts';
import type { Workload } from '../../../model/workload.ts';
import type { CloudContext, Target } from '../../target.ts';
import { expectForm, LOGIN_INPUTS, readLogin } from '../login.ts';
import type { CloudRunSettings } from './workload.ts';

const PROJECT = /^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/;
const REGION = /^[a-z]+-[a-z]+\d{1,2}$/;
const SERVICE = /^[a-z](?:[a-z0-9-]{0,47}[a-z0-9])?$/;

/** One Google Cloud Run service, changed by a new revision and by its traffic table. */
export const cloudRunTarget: Target = {
  inputs: ['project', 'region', 'service', ...LOGIN_INPUTS],
  parse(reader) {
    const settings = parseSettings(reader);
    return (context) => open(settings, context);
  },
};

/** `project` '': the one that google-github-actions/auth left. */
function parseSettings(reader: InputReader): CloudRunSettings {
  const project = reader.text('project');
  const region = reader.required('region', 'the region of the Cloud Run service, such as europe-west1');
  const service = reader.required('service', 'the name of the Cloud Run service to deploy to');
  expectForm(reader, 'project', PROJECT, {
    given: project,
    expected: 'the id of a project, such as acme-production',
  });
  expectForm(reader, 'region', REGION, {
    given: region,
    expected: 'a region of Google Cloud, such as europe-west1',
  });
  expectForm(reader, 'service', SERVICE, {
    given: service,
    expected: 'the short name: up to 49 lower-case letters, digits and -',
  });
  return { project, region, service, login: readLogin(reader) };
}

async function open(settings: CloudRunSettings, context: CloudContext): Promise<Workload> {
  const project = findProject(settings, context.io);
  // Only a deploy to Cloud Run loads it.
  const { openCloudRun } = await import('./workload.ts');
  return await openCloudRun({ ...settings, project }, context);
}

// What google-github-actions/auth and setup-gcloud leave, in the order in which Google's own tools read them.
const PROJECT_VARIABLES = [
  'GOOGLE_CLOUD_PROJECT',
  'GCLOUD_PROJECT',
  'CLOUDSDK_CORE_PROJECT',
  'CLOUDSDK_PROJECT',
  'GCP_PROJECT',
];

function findProject({ project, service }: CloudRunSettings, io: Io): string {
  const found = project || (PROJECT_VARIABLES.map((name) => io.env[name] ?? '').find((value) => value !== '') ?? '');
  if (PROJECT.test(found)) return found;
  const why = found === '' ? 'none was given' : `the job’s environment says "${found.slice(0, 40)}"`;
  throw new DeployError('INPUT_INVALID', `could not tell the Google Cloud project of service ${service}: ${why}`, {
    hint: 'Set the input `project`, or `project_id` of google-github-actions/auth before this step.',
  });
}
