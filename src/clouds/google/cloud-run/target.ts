import type { Io } from '../../../io/io.ts';
import { DeployError } from '../../../model/errors.ts';
import type { InputReader } from '../../../model/input-reader.ts';
import type { OpenTarget, Target } from '../../target.ts';

export interface CloudRunInputs {
  /** '': the one that google-github-actions/auth left. */
  readonly project: string;
  readonly region: string;
  readonly service: string;
  readonly workloadIdentityProvider: string;
  readonly serviceAccount: string;
}

const PROJECT = /^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/;
const REGION = /^[a-z]+-[a-z]+\d{1,2}$/;
const SERVICE = /^[a-z](?:[a-z0-9-]{0,47}[a-z0-9])?$/;
const PROVIDER =
  /^projects\/\d+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]{4,32}\/providers\/[a-z0-9-]{4,32}$/;
const ACCOUNT = /^[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com$/;

/** One Google Cloud Run service, changed by a new revision and by its traffic table. */
export const cloudRunTarget: Target<CloudRunInputs> = {
  inputs: ['project', 'region', 'service', 'workload-identity-provider', 'service-account'],
  parse(reader) {
    const inputs = {
      project: reader.text('project'),
      region: reader.required('region', 'the region of the Cloud Run service, such as europe-west1'),
      service: reader.required('service', 'the name of the Cloud Run service to deploy to'),
      workloadIdentityProvider: reader.text('workload-identity-provider'),
      serviceAccount: reader.text('service-account'),
    };
    expect(reader, 'project', PROJECT, {
      given: inputs.project,
      expected: 'the id of a project, such as acme-production',
    });
    expect(reader, 'region', REGION, {
      given: inputs.region,
      expected: 'a region of Google Cloud, such as europe-west1',
    });
    expect(reader, 'service', SERVICE, {
      given: inputs.service,
      expected: 'the short name: up to 49 lower-case letters, digits and -',
    });
    expectIdentity(reader, inputs);
    return inputs;
  },
  async open(inputs, io): Promise<OpenTarget> {
    const project = findProject(inputs, io);
    // With Google's auth library it is 0.3 MB: only those who deploy to Cloud Run load it.
    const { openCloudRun } = await import('./workload.ts');
    return await openCloudRun({ ...inputs, project }, io);
  },
};

function expectIdentity(reader: InputReader, { workloadIdentityProvider, serviceAccount }: CloudRunInputs): void {
  expect(reader, 'workload-identity-provider', PROVIDER, {
    given: workloadIdentityProvider,
    expected: 'projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER',
  });
  expect(reader, 'service-account', ACCOUNT, {
    given: serviceAccount,
    expected: 'the e-mail address of a service account, such as deploy@acme.iam.gserviceaccount.com',
  });
  if (serviceAccount === '' || workloadIdentityProvider !== '') return;
  const next = 'Add `workload-identity-provider:`, or remove it and give it to google-github-actions/auth.';
  reader.problem('service-account', { given: 'a value', expected: 'nothing without workload-identity-provider', next });
}

function expect(
  reader: InputReader,
  name: string,
  pattern: RegExp,
  { given, expected }: { readonly given: string; readonly expected: string },
): void {
  if (given !== '' && !pattern.test(given)) reader.problem(name, { given: quote(given), expected });
}

/** Cut, as it may be a value that was meant for another input. */
function quote(given: string): string {
  return `"${given.replace(/\s+/g, ' ').slice(0, 60)}"`;
}

// What google-github-actions/auth and setup-gcloud leave, in the order in which Google's own tools read them.
const PROJECT_VARIABLES = [
  'GOOGLE_CLOUD_PROJECT',
  'GCLOUD_PROJECT',
  'CLOUDSDK_CORE_PROJECT',
  'CLOUDSDK_PROJECT',
  'GCP_PROJECT',
];

function findProject({ project, service }: CloudRunInputs, io: Io): string {
  const found = project || (PROJECT_VARIABLES.map((name) => io.env[name] ?? '').find((value) => value !== '') ?? '');
  if (PROJECT.test(found)) return found;
  const why = found === '' ? 'none was given' : `the job’s environment says "${found.slice(0, 40)}"`;
  throw new DeployError('INPUT_INVALID', `could not tell the Google Cloud project of service ${service}: ${why}`, {
    hint: 'Set the input `project`, or `project_id` of google-github-actions/auth before this step.',
  });
}
