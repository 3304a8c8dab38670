import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { checkWorkflow } from './checks/check.ts';
import type { Clouds } from './clouds/clouds.ts';
import { openEcsClouds } from './clouds/ecs.ts';
import { fillIn, useVerify } from './fill-in.ts';
import { runTemplate } from './run-template.ts';
import { templates } from './templates.ts';
import { read } from './workflow-texts.ts';

const open: Clouds[] = [];
afterEach(async () => {
  for (const { outside } of open.splice(0)) await outside.close();
});

const good = { answers: { '/greeting': { status: 200, body: 'hello' } } };
const LINES = `
          verify: |-
            - attestation:
                repository: \${{ github.repository }}
                commit: \${{ github.sha }}
          image: `;

test.each(templates)('$name has the lines that verify in each job of production, commented', async ({ name }) => {
  const text = read(`workflow-templates/${name}.yml`);
  const jobs = text.match(/^ {2}production[\w-]*:$/gm)!.length;
  expect(useVerify(text).split(LINES)).toHaveLength(jobs + 1);
  expect(text).not.toContain(LINES);
  expect(await checkWorkflow({ name, text: useVerify(text), kind: 'template' })).toEqual([]);
});

/** The template for ECS with these lines, and the trusted root of the instance that signs in these tests. */
async function given() {
  const clouds = await openEcsClouds();
  open.push(clouds);
  const text = useVerify(fillIn(read('workflow-templates/deploy-ecs.yml'), clouds.values)).replace(
    '\n          verify: |-',
    '\n          trusted-root: trusted_root.json\n          verify: |-',
  );
  const root = JSON.stringify((await clouds.outside.sigstore()).trustedRoot);
  const edit = (folder: string): void => writeFileSync(path.join(folder, 'trusted_root.json'), root);
  return { clouds, text, story: { behaviour: good, edit } };
}

test('with them, what the workflow itself attested is deployed', async () => {
  const { clouds, text, story } = await given();
  const { conclusion, run } = await runTemplate(text, clouds, story);
  expect({ conclusion, log: run.logs.get('production') }).toMatchObject({ conclusion: 'success' });
  expect(run.logs.get('production')).toContain(
    'has an attestation by https://github.com/acme/agent/.github/workflows/deploy.yml@refs/heads/main',
  );
});

test('with them, an image that nobody attested does not reach production', async () => {
  const { clouds, text, story } = await given();
  const before = clouds.production[0]!.snapshot();
  const { conclusion, run } = await runTemplate(
    text.replace('push-to-registry: true', 'push-to-registry: false'),
    clouds,
    story,
  );
  expect(conclusion).toBe('failure');
  expect(run.logs.get('production')).toContain('verify[0] requires an attestation of https://github.com/acme/agent');
  expect(clouds.production[0]!.snapshot()).toEqual(before);
});
