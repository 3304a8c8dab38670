import type { Agent } from '../../simulators/agent.ts';
import {
  type CloudRunAgentOptions,
  CLOUD_RUN_SERVICE as SERVICE,
  seedImage,
} from '../../simulators/cloud-run-agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { mutations, type RefusalRow } from './refusal.ts';

interface CloudRunRow extends Omit<RefusalRow, 'arrange'> {
  readonly agent?: Partial<CloudRunAgentOptions>;
  readonly given?: (agent: Agent) => unknown;
}

const canary = { strategy: 'canary', 'smoke-tests': '- GET /health' };
const LONG = `a${'b'.repeat(43)}`;
const invalid = 'INPUT_INVALID' as const;

const inputRows: readonly CloudRunRow[] = [
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
    says: ['secrets: got a value for API_KEY; expected a reference to a secret', 'write its name here'],
  },
];

const serviceRows: readonly CloudRunRow[] = [
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
    name: 'an image in a registry that Cloud Run pulls nothing from',
    inputs: { 'copy-to': '' },
    code: 'UNSUPPORTED',
    says: [
      'could not deploy to service agent',
      'Cloud Run pulls no image from there: ghcr.io/',
      'copy-to: europe-west1-docker.pkg.dev/acme-prod/',
    ],
  },
  ...['INGRESS_TRAFFIC_INTERNAL_ONLY', 'INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER'].flatMap((ingress) =>
    [canary, { ...canary, strategy: 'blue-green' }, { ...canary, strategy: '', traffic: '0' }].map((inputs) => ({
      name: `${inputs.strategy || 'a preview'} behind ${ingress}`,
      agent: { service: { extras: { ingress } } },
      inputs,
      code: 'UNSUPPORTED' as const,
      says: ['cannot be reached before it gets traffic', 'Set `preview-url`', 'https://{tag}.example.com'],
    })),
  ),
  ...['https://example.com', 'http://{tag}.example.com', 'https://example.com/{tag}', 'https://{tag}.{tag}.dev'].map(
    (url) => ({
      name: `the preview URL ${url}`,
      inputs: { ...canary, 'preview-url': url },
      code: invalid,
      says: ['preview-url: got something else; expected a base URL with {tag} in its host'],
    }),
  ),
  {
    name: 'a tag without traffic on a revision that was deleted',
    given: async ({ world }) => {
      const one = world.google.look(SERVICE).revisions[0]!.id;
      world.google.foreignDeploy(SERVICE, seedImage(world, 'v1b'));
      await world.clock.advance(60_000);
      world.google.foreignTraffic(SERVICE, [
        { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 },
        { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision: one, tag: 'old' },
      ]);
      await world.clock.advance(60_000);
      world.google.deleteRevision(SERVICE, one);
    },
    code: 'UNSUPPORTED',
    says: ['which was deleted', '--remove-tags old'],
    never: ['--to-latest', '--to-revisions'],
  },
  {
    name: 'an unknown container',
    inputs: { container: 'wbe' },
    code: invalid,
    says: ['could not choose the container of the service: there is no container wbe'],
  },
];

const accessRows: readonly CloudRunRow[] = [
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
    image: ({ world }) => seedImage(world, 'v2'),
    inputs: { 'copy-to': '', 'registry-username': '', 'registry-password': '' },
    code: 'PERMISSION_DENIED',
    says: [
      'Permission "artifactregistry.repositories.downloadArtifacts" denied',
      'roles/artifactregistry.reader on the repository',
    ],
  },
];

export const cloudRunRefusals: readonly RefusalRow[] = [...inputRows, ...serviceRows, ...accessRows].map(
  ({ agent: options = {}, given, ...row }) => ({
    ...row,
    async arrange() {
      const agent = await givenCloudRun(options);
      await given?.(agent);
      return agent;
    },
    ensureUntouched(agent) {
      // A dry run of the update is one, which Google refuses or answers.
      const changes = mutations(agent).filter((call) => /^run:(?!UpdateService (?:403|200)$)/.test(call));
      if (changes.length > 0) throw new Error(`changed: ${changes.join(', ')}`);
    },
  }),
);
