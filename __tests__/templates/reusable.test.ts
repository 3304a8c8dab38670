import { afterEach, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { openCloudRunClouds } from './clouds/cloud-run.ts';
import type { Clouds } from './clouds/clouds.ts';
import { openContainerAppsClouds } from './clouds/container-apps.ts';
import { openEcsClouds } from './clouds/ecs.ts';
import { openKubernetesClouds } from './clouds/kubernetes.ts';
import { fillIn } from './fill-in.ts';
import { runTemplate } from './run-template.ts';
import { blocksOf, read } from './workflow-texts.ts';

const open: Clouds[] = [];
afterEach(async () => {
  for (const { outside } of open.splice(0)) await outside.close();
});

/** The template for ECS with its two deploy jobs reduced to calls, as the README shows it. */
async function given() {
  const clouds = await openEcsClouds();
  open.push(clouds);
  const { text } = blocksOf('docs/workflows.md', read('docs/workflows.md')).find((block) =>
    block.text.includes('org/deploy-agent/.github/workflows/deploy.yml@v1'),
  )!;
  const filled = text
    .replaceAll('OWNER/REPOSITORY', 'acme/agent')
    .replaceAll('ACCOUNT', '123456789012')
    .replaceAll('REGION', 'eu-west-1')
    .replaceAll('SERVICE', 'greeter')
    .replaceAll('IMAGES', 'greeter-images')
    .replaceAll('CLUSTER', 'greeter-staging')
    .replaceAll('ROLE', 'greeter-staging')
    .replaceAll('staging.example.com', 'staging.greeter.dev');
  const build = fillIn(read('workflow-templates/deploy-ecs.yml'), clouds.values);
  const [head] = build.split('\n  staging:\n');
  const jobs = filled.slice(filled.indexOf('\n  staging:\n'));
  return { clouds, text: `${head}${jobs}` };
}

const findWorkflow = () => read('.github/workflows/deploy.yml');

test('a template whose deploy job is a call of the reusable workflow deploys', async () => {
  const { clouds, text } = await given();
  const behaviour = { answers: { '/health': { status: 200, body: 'ok' } } };
  const { conclusion, run } = await runTemplate(text, clouds, { behaviour, surroundings: { findWorkflow } });
  expect({ conclusion, log: run.logs.get('deploy') }).toMatchObject({ conclusion: 'success' });
  expect(await clouds.staging[0]!.version()).toBe('9fceb02d0ae598e95dc970b74767f19372d61af8');
  expect(run.deployments).toEqual([{ environment: 'staging', url: 'https://staging.greeter.dev', state: 'success' }]);
});

test('and restores the previous revision when the build is bad', async () => {
  const { clouds, text } = await given();
  const before = clouds.staging[0]!.snapshot();
  const behaviour = { answers: { '/health': { status: 500, body: 'no' } } };
  const { conclusion, run } = await runTemplate(text, clouds, { behaviour, surroundings: { findWorkflow } });
  expect(conclusion).toBe('failure');
  expect(run.logs.get('deploy')).toMatch(/\[rolled-back\]/);
  expect(clouds.staging[0]!.snapshot()).toEqual(before);
});

interface Declared {
  readonly default?: unknown;
  readonly required?: boolean;
}

test('the reusable workflow passes every input of the action, with its default', () => {
  const action = parse(read('action.yml')) as { readonly inputs: Readonly<Record<string, Declared>> };
  const workflow = parse(findWorkflow()) as {
    readonly on: {
      readonly workflow_call: { readonly inputs: Readonly<Record<string, Declared>>; readonly secrets: object };
    };
    readonly jobs: { readonly deploy: { readonly steps: readonly { readonly id?: string; readonly with: object }[] } };
  };
  const { inputs, secrets } = workflow.on.workflow_call;
  const step = workflow.jobs.deploy.steps.find(({ id }) => id === 'deploy')!;
  const passed = Object.entries(step.with as Record<string, string>);
  expect(passed.map(([name]) => name)).toEqual(Object.keys(action.inputs));
  const wrong = passed.filter(([name, value]) => {
    // GitHub reserves the names of secrets that start with GITHUB_.
    const secret = name === 'github-token' ? 'REPORT_TOKEN' : name.replaceAll('-', '_').toUpperCase();
    const source = Object.hasOwn(secrets, secret) ? `secrets.${secret}` : `inputs.${name}`;
    return !new RegExp(`^\\$\\{\\{ ${source.replaceAll('.', '\\.')}(?: \\|\\| .*)? \\}\\}$`).test(value);
  });
  expect(wrong).toEqual([]);
  const own = ['environment', 'runs-on', 'timeout-minutes', 'aws-role'];
  expect(Object.keys(inputs).filter((name) => !own.includes(name) && !Object.hasOwn(action.inputs, name))).toEqual([]);
  for (const [name, declared] of Object.entries(action.inputs)) {
    const ours = inputs[name];
    if (ours && !ours.required) expect([name, ours.default]).toEqual([name, declared.default ?? '']);
  }
});

test('its outputs are those of the action that another job can use, and the page names each of its secrets', () => {
  const action = parse(read('action.yml')) as { readonly outputs: object };
  const { on, jobs } = parse(findWorkflow()) as {
    readonly on: { readonly workflow_call: { readonly outputs: object; readonly secrets: object } };
    readonly jobs: { readonly deploy: { readonly outputs: Readonly<Record<string, string>> } };
  };
  const names = Object.keys(action.outputs).filter((name) => name !== 'image' && name !== 'report');
  expect(Object.keys(on.workflow_call.outputs).toSorted()).toEqual(names.toSorted());
  const expected = names.map((name) => [name, `$\{{ steps.deploy.outputs.${name} }}`]);
  expect(jobs.deploy.outputs).toEqual(Object.fromEntries(expected));
  const page = read('docs/workflows.md').split('## Reusable workflow')[1]!;
  for (const name of Object.keys(on.workflow_call.secrets)) expect(page).toContain(`\`${name}\``);
});

type Vars = Readonly<Record<string, string>>;

/** The inputs that only this cloud has, as its owner would write them. */
const OTHERS = [
  {
    target: 'cloud-run',
    open: openCloudRunClouds,
    inputs: ({ values }: Clouds, vars: Vars) => ({
      'copy-to': `${vars['GOOGLE_REGION']}-docker.pkg.dev/${vars['GOOGLE_PROJECT']}/${values['ARTIFACT_REPOSITORY']}/agent`,
      region: vars['GOOGLE_REGION'],
      project: vars['GOOGLE_PROJECT'],
      'workload-identity-provider': vars['GOOGLE_PROVIDER'],
      'service-account': vars['GOOGLE_ACCOUNT'],
    }),
  },
  {
    target: 'container-apps',
    open: openContainerAppsClouds,
    inputs: (_: Clouds, vars: Vars) => ({
      'copy-to': `${vars['AZURE_REGISTRY']}.azurecr.io/agent`,
      'tenant-id': vars['AZURE_TENANT_ID'],
      'client-id': vars['AZURE_CLIENT_ID'],
      subscription: vars['AZURE_SUBSCRIPTION_ID'],
      'resource-group': vars['AZURE_RESOURCE_GROUP'],
    }),
  },
  {
    target: 'kubernetes',
    open: () => openKubernetesClouds(),
    inputs: ({ values }: Clouds, vars: Vars) => ({
      ...{ 'runs-on': '["self-hosted", "shop"]', service: '', namespace: vars['KUBERNETES_NAMESPACE'] },
      ...{ workload: values['WORKLOAD'], url: vars['URL'], 'expected-account': vars['KUBERNETES_API_SERVER'] },
    }),
  },
];

test.each(OTHERS)('a call with the inputs of $target deploys there', async ({ target, open: openClouds, inputs }) => {
  const clouds = await openClouds();
  open.push(clouds);
  const { text } = await given();
  const [head] = text.split('\n  staging:\n');
  const image = 'ghcr.io/acme/agent@$' + '{{ needs.build.outputs.digest }}';
  const job = {
    needs: 'build',
    permissions: { contents: 'read', packages: 'read', 'id-token': 'write' },
    uses: 'org/deploy-agent/.github/workflows/deploy.yml@v1',
    with: {
      ...{ environment: 'staging', target, image, service: clouds.values['SERVICE'], 'smoke-tests': '- GET /health' },
      ...inputs(clouds, clouds.varsOf('staging')),
    },
  };
  const { conclusion, run } = await runTemplate(
    `${head}\n${stringify({ staging: job }).replace(/^/gm, '  ')}`,
    clouds,
    {
      surroundings: { findWorkflow },
    },
  );
  expect({ conclusion, log: run.logs.get('deploy') }).toMatchObject({ conclusion: 'success' });
  expect(await clouds.staging[0]!.version()).toBe('9fceb02d0ae598e95dc970b74767f19372d61af8');
});

test('an image that is given keeps its own tag: the commit of the run is not put on it', async () => {
  const { clouds, text } = await given();
  const old = '1234567890123456789012345678901234567890';
  const behaviour = { answers: { '/health': { status: 200, body: 'ok' } }, version: old };
  clouds.outside.push(`ghcr.io/acme/agent:${old}`, { user: '10001', vulnerabilities: [], behaviour });
  const tags = () => clouds.worldOf('staging').ecr.snapshot().repositories[clouds.values['ECR_REPOSITORY']!]!.tags;
  const before = Object.keys(tags());
  const call = text
    .slice(text.indexOf('\n  staging:\n'))
    .replace('    needs: build\n', '')
    .replace(/^ {6}tags: .*\n/m, '')
    .replace(/image: .*/, `image: ghcr.io/acme/agent:${old}`);
  const { conclusion, run } = await runTemplate(`on: workflow_dispatch\npermissions: {}\njobs:${call}`, clouds, {
    surroundings: { findWorkflow },
  });
  expect({ conclusion, log: run.logs.get('deploy') }).toMatchObject({ conclusion: 'success' });
  expect(Object.keys(tags()).sort()).toEqual([...before, old].sort());
});
