import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import {
  type CloudRunAgentOptions,
  CLOUD_RUN_SERVICE as SERVICE,
  seedImage,
} from '../../simulators/cloud-run-agent.ts';
import type { ErrorCode } from '../../src/model/errors.ts';
import { closeAgents } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { mutations, refuse } from './refusal.ts';

afterEach(closeAgents);

interface Row {
  readonly name: string;
  readonly agent?: Partial<CloudRunAgentOptions>;
  readonly given?: (agent: Agent) => unknown;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly code: ErrorCode;
  readonly says: readonly string[];
}

const canary = { strategy: 'canary', 'smoke-tests': '- GET /health' };
const LONG = `a${'b'.repeat(43)}`;
const invalid = 'INPUT_INVALID' as const;

const inputRows: readonly Row[] = [
  {
    name: 'no region',
    inputs: { region: '' },
    code: invalid,
    says: ['region: is required (the value is empty); expected the region of the Cloud Run service'],
  },
  {
    name: 'a zone',
    inputs: { region: 'europe-west1-b' },
    code: invalid,
    says: ['region: got "europe-west1-b"; expected a region of Google Cloud'],
  },
  {
    name: 'no service',
    inputs: { service: '' },
    code: invalid,
    says: ['service: is required (the value is empty); expected the name of the Cloud Run service'],
  },
  {
    name: 'a full name',
    inputs: { service: 'projects/p/services/agent' },
    code: invalid,
    says: ['service: got "projects/p/services/agent"; expected the short name'],
  },
  {
    name: 'a project that is none',
    inputs: { project: 'Acme Prod' },
    code: invalid,
    says: ['project: got "Acme Prod"; expected the id of a project'],
  },
  {
    name: 'no project',
    inputs: { project: '' },
    env: {
      GOOGLE_CLOUD_PROJECT: '',
      GCLOUD_PROJECT: '',
      CLOUDSDK_CORE_PROJECT: '',
      CLOUDSDK_PROJECT: '',
      GCP_PROJECT: '',
    },
    code: invalid,
    says: ['could not tell the Google Cloud project of service agent: none was given', 'Set the input `project`'],
  },
  {
    name: 'a provider that is none',
    inputs: { 'workload-identity-provider': 'github' },
    code: invalid,
    says: [
      'workload-identity-provider: got "github"; expected projects/NUMBER/locations/global/workloadIdentityPools/',
    ],
  },
  {
    name: 'a service account without a provider',
    inputs: { 'service-account': 'deploy@acme-prod.iam.gserviceaccount.com' },
    code: invalid,
    says: ['service-account: got a value; expected nothing without workload-identity-provider'],
  },
  {
    name: 'percentages that do not ascend',
    inputs: { ...canary, steps: '25% for 1m, 5% for 1m' },
    code: invalid,
    says: ['steps: could not read the steps: 5% comes after 25%'],
  },
  {
    name: 'percentages over 100',
    inputs: { ...canary, steps: '5%, 120%' },
    code: invalid,
    says: ['"120%" is not between 1% and 100%'],
  },
  {
    name: 'a secret that is pasted instead of named',
    inputs: { secrets: 'API_KEY: "sk-live/abc def"' },
    code: invalid,
    says: ['one of its values is no reference to a secret', 'Write the name in Secret Manager'],
  },
];

const serviceRows: readonly Row[] = [
  {
    name: 'a service that is not there, with what is',
    inputs: { service: 'agnet' },
    code: 'NOT_FOUND',
    says: [
      'could not find service agnet in europe-west1 (project acme-prod)',
      'Did you mean `agent`? Available services: agent.',
    ],
  },
  {
    name: 'a service that is not there, where nothing may be listed',
    inputs: { service: 'agnet' },
    given: ({ world }) => world.google.deny('run.services.list'),
    code: 'NOT_FOUND',
    says: ['could not find service agnet', 'Check the inputs `project` and `region` first'],
  },
  {
    name: 'a canary without a default address',
    agent: { service: { extras: { defaultUriDisabled: true } } },
    inputs: { ...canary, url: 'https://agent.acme.dev' },
    code: 'UNSUPPORTED',
    says: [
      'could not use canary',
      'cannot be reached before it gets traffic',
      'Enable its default URL',
      'or: Use `strategy: rolling`',
    ],
  },
  {
    name: 'a canary on a service with too long a name for a tag',
    given: ({ world }) => world.google.addService({ service: LONG, image: seedImage(world, 'v1') }),
    inputs: { ...canary, service: LONG },
    code: 'UNSUPPORTED',
    says: ['could not use canary', 'Use a service whose name has at most 42 characters', '46'],
  },
  {
    name: 'an unknown container',
    inputs: { container: 'wbe' },
    code: invalid,
    says: ['could not choose the container of the service: there is no container wbe'],
  },
];

const accessRows: readonly Row[] = [
  {
    name: 'no credentials',
    env: { GOOGLE_APPLICATION_CREDENTIALS: '' },
    code: 'AUTH_FAILED',
    says: ['could not find Google credentials: the job has none', 'google-github-actions/auth', 'id-token: write'],
  },
  {
    name: 'a credential file that checkout deleted',
    env: {
      GOOGLE_APPLICATION_CREDENTIALS: '/home/runner/work/agent/gha-creds-1.json',
      GITHUB_WORKSPACE: '/home/runner/work/agent',
    },
    code: 'AUTH_FAILED',
    says: [
      'the file that GOOGLE_APPLICATION_CREDENTIALS names is gone',
      'Put actions/checkout before google-github-actions/auth',
    ],
  },
  {
    name: 'a job that may not ask GitHub for a token',
    agent: { login: 'oidc' },
    env: { ACTIONS_ID_TOKEN_REQUEST_URL: '', ACTIONS_ID_TOKEN_REQUEST_TOKEN: '' },
    code: 'AUTH_FAILED',
    says: ['could not get an identity token of GitHub', 'Add `id-token: write`'],
  },
  {
    name: 'a repository that the provider does not trust',
    agent: { google: { trustedSubject: /^repo:other\// } },
    code: 'AUTH_FAILED',
    says: [
      'could not read service agent',
      'Let the attribute condition of the workload identity provider accept',
      '`sub` has two forms',
    ],
  },
  {
    name: 'a service account that may not be acted as',
    given: ({ world }) => world.google.deny('iam.serviceAccounts.getAccessToken'),
    code: 'AUTH_FAILED',
    says: ['roles/iam.workloadIdentityUser on the service account'],
  },
  {
    name: 'a service that may not be read',
    given: ({ world }) => world.google.deny('run.services.get'),
    code: 'PERMISSION_DENIED',
    says: ['run.services.get is missing', 'Grant roles/run.developer on the service'],
  },
  {
    name: 'a service that may not be changed: named before anything is copied',
    given: ({ world }) => world.google.deny('run.services.update'),
    code: 'PERMISSION_DENIED',
    says: [
      'could not deploy to service agent',
      'run.services.update is missing',
      'Grant roles/run.developer on the service',
    ],
  },
  {
    name: 'a runtime account that may not be acted as',
    given: ({ world }) => world.google.deny('iam.serviceaccounts.actAs'),
    code: 'PERMISSION_DENIED',
    says: [
      'iam.serviceaccounts.actAs is missing',
      'roles/iam.serviceAccountUser on the service’s own (runtime) service account',
    ],
  },
  {
    name: 'an image that may not be read',
    given: ({ world }) => world.google.deny('artifactregistry.repositories.downloadArtifacts'),
    inputs: { 'copy-to': '' },
    code: 'PERMISSION_DENIED',
    says: [
      'artifactregistry.repositories.downloadArtifacts is missing',
      'roles/artifactregistry.reader on the repository',
    ],
  },
];

describe('what is refused, with nothing touched', () => {
  test.each([...inputRows, ...serviceRows, ...accessRows].map((row) => [row.name, row] as const))(
    '%s',
    async (_name, row) => {
      const agent = await givenCloudRun(row.agent ?? {});
      await row.given?.(agent);
      const image = agent.world.publish('v2', {});
      const { failure, text } = await refuse(agent, { image, ...row.inputs }, row.env ? { env: row.env } : {});
      expect({ code: failure.code, text }).toEqual({ code: row.code, text: expect.any(String) });
      for (const part of row.says) expect(text).toContain(part);
      expect(mutations(agent).filter((call) => !/^run:UpdateService (?:403|200)$/.test(call))).toEqual([]);
      expect(agent.world.google.look(SERVICE).revisions).toHaveLength(1);
    },
  );
});
