import { afterEach, expect, test } from '@jest/globals';
import type { Clouds } from './clouds/clouds.ts';
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

test('and puts back what ran before when the build is bad', async () => {
  const { clouds, text } = await given();
  const before = clouds.staging[0]!.snapshot();
  const behaviour = { answers: { '/health': { status: 500, body: 'no' } } };
  const { conclusion, run } = await runTemplate(text, clouds, { behaviour, surroundings: { findWorkflow } });
  expect(conclusion).toBe('failure');
  expect(run.logs.get('deploy')).toMatch(/\[rolled-back\]/);
  expect(clouds.staging[0]!.snapshot()).toEqual(before);
});
