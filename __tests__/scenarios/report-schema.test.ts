import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { blueGreenStories, canaryStories, kubernetesStories, rollingStories, type Story } from '../../demo/stories.ts';
import type { Agent } from '../../simulators/agent.ts';
import type { JsonObject } from '../../simulators/json.ts';
import { ERROR_CODES } from '../../src/model/errors.ts';
import { OUTCOME_KINDS } from '../../src/model/outcome.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { givenApp } from './container-apps-agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';

afterEach(closeAgents);

const schema = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../docs/report.schema.json'), 'utf8'));
const validate = new Ajv({ allErrors: true, validateFormats: false, allowUnionTypes: true }).compile(schema);
const smokeTests = '- GET /health\n- POST /predict: { json-body: { text: hello }, json: { label: greeting } }';

/** The reports that main and post left in the job's temporary folder. */
async function reportsOf(directory: string): Promise<readonly JsonObject[]> {
  const files = await readdir(directory, { recursive: true });
  const reports = files.filter((file) => path.basename(file) === 'report.json');
  return reports.map((file) => JSON.parse(readFileSync(path.join(directory, file), 'utf8')));
}

async function tell(agent: Agent, { tag, behaviour, inputs, cancelAfterMs }: Story): Promise<readonly JsonObject[]> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'reports-'));
  try {
    const image = agent.world.publish(tag, behaviour);
    const cancelled = cancelAfterMs === undefined ? {} : { onMainStart: agent.cancelMain(cancelAfterMs) };
    await agent.deploy({ image, ...inputs, 'smoke-tests': smokeTests }, { directory, ...cancelled });
    return await reportsOf(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Where the console shows the service, and where its logs are: a page, or a command. */
const clouds: readonly [string, () => Promise<Agent>, readonly Story[], RegExp | null, RegExp][] = [
  [
    'Amazon ECS',
    givenAgent,
    rollingStories,
    /^https:.*\/ecs\/v2\/clusters\/\w+\/services\/agent\/deployments\?region=/,
    /^https:.*\/ecs\/v2\/clusters\/\w+\/services\/agent\/logs\?region=/,
  ],
  [
    'Google Cloud Run',
    givenCloudRun,
    canaryStories,
    /^https:.*\/run\/detail\/europe-west1\/agent\/revisions\?project=[\w-]+$/,
    /^https:.*\/logs\/query;query=[^?;]*service_name%3D%22agent%22[^?;]*\?project=[\w-]+$/,
  ],
  [
    'Azure Container Apps',
    givenApp,
    blueGreenStories,
    /^https:.*#resource\/subscriptions\/.*\/containerApps\/agent\/revisionManagement$/,
    /^https:.*#resource\/subscriptions\/.*\/containerApps\/agent\/logstream$/,
  ],
  [
    'Kubernetes',
    givenKubernetes,
    kubernetesStories,
    null,
    /^kubectl logs deployment\/web --namespace [\w-]+ --all-containers --prefix --tail 100$/,
  ],
];

describe('the report is as docs/report.schema.json says', () => {
  test.each(clouds)('in each story of the demo on %s, and says where to look', async (_, open, stories, page, logs) => {
    const agent = await open();
    for (const story of stories) {
      const reports = await tell(agent, story);
      expect(reports).toHaveLength(1);
      for (const report of reports) {
        validate(report);
        expect({ story: story.title, errors: validate.errors }).toEqual({ story: story.title, errors: null });
        const { url, command } = report['logs'] as Readonly<Record<'url' | 'command', string | null>>;
        expect(url ?? command).toMatch(logs);
        if (page) expect(report['consoleUrl']).toMatch(page);
        else expect(report['consoleUrl']).toBeNull();
      }
    }
  });

  test('of a plan, and of wrong inputs', async () => {
    const agent = await givenAgent();
    const story = rollingStories[0]!;
    for (const inputs of [{ mode: 'plan' }, { timeout: 'soon' }]) {
      const reports = await tell(agent, { ...story, inputs });
      expect(reports).toMatchObject([{ outcome: 'mode' in inputs ? 'planned' : 'refused' }]);
      validate(reports[0]);
      expect(validate.errors).toBeNull();
    }
  });

  test('with every outcome and every error code', () => {
    expect(schema.properties.outcome.enum).toEqual(OUTCOME_KINDS);
    expect(schema.$defs.failure.properties.code.enum).toEqual(ERROR_CODES);
  });
});

test('a rollback is proven by the smoke tests of the previous revision, and has its commit and its traffic', async () => {
  const [report] = await tell(await givenCloudRun(), canaryStories[1]!);
  expect(report).toMatchObject({
    outcome: 'rolled-back',
    run: {
      commit: expect.stringMatching(/^[0-9a-f]{40}$/),
      actor: 'octocat',
      runUrl: expect.stringContaining('/runs/'),
    },
    traffic: [{ at: expect.stringMatching(/Z$/), asked: 5, inForce: 5 }],
    analyses: [{ share: '5%', passed: false }],
    restoredTests: [{ name: 'GET /health', passed: true }, { name: 'POST /predict' }],
    restoreCommand: null,
  });
});
