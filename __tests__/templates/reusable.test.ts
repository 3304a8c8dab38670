import { afterEach, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { openCloudRunClouds } from './clouds/cloud-run.ts';
import type { Clouds } from './clouds/clouds.ts';
import { openContainerAppsClouds } from './clouds/container-apps.ts';
import { openEcsClouds } from './clouds/ecs.ts';
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
  const build = read('workflow-templates/deploy-ecs.yml').replaceAll('ghcr.io/OWNER/REPOSITORY', 'ghcr.io/acme/agent');
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

/** The inputs that only this cloud has, as its owner would write them. */
const OTHERS = [
  {
    target: 'cloud-run',
    open: openCloudRunClouds,
    inputs: ({ values }: Clouds) => ({
      'copy-to': `${values['REGION']}-docker.pkg.dev/${values['STAGING_PROJECT']}/${values['REPOSITORY']}/agent`,
      region: values['REGION'],
      project: values['STAGING_PROJECT'],
      'workload-identity-provider': values['STAGING_PROVIDER'],
      'service-account': values['STAGING_ACCOUNT'],
    }),
  },
  {
    target: 'container-apps',
    open: openContainerAppsClouds,
    inputs: ({ values }: Clouds) => ({
      'copy-to': `${values['REGISTRY']}.azurecr.io/agent`,
      'tenant-id': values['TENANT'],
      'client-id': values['STAGING_CLIENT'],
      subscription: values['SUBSCRIPTION'],
      'resource-group': values['STAGING_GROUP'],
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
      ...inputs(clouds),
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
