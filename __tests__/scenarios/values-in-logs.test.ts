import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { ActionResult } from '../../simulators/runner.ts';
import { withoutMasks } from '../../simulators/secret-places.ts';
import { FORMS } from '../fixtures/value-forms.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { givenApp } from './container-apps-agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { containers, LIVE, predict, S } from './secret-inventory.ts';

afterEach(closeAgents);

const VALUE = 'pw"/+&%=<|`4c1d9e7a60b2~end';

/** The middle of it, which most encodings leave as it is, and what it is in those that don't. */
const MIDDLE = '4c1d9e7a60b2';
const TRACES = [
  MIDDLE,
  Buffer.from(MIDDLE).toString('hex'),
  ...[0, 1, 2].map((offset) =>
    Buffer.from('x'.repeat(offset) + MIDDLE)
      .toString('base64')
      .slice(3, 14),
  ),
  MIDDLE.replace(/[\s\S]/g, (sign) => `&#${sign.charCodeAt(0)};`),
  MIDDLE.replace(/[\s\S]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`),
  Buffer.from(MIDDLE).toString('hex').replace(/../g, '%$&'),
];

const clouds: readonly (readonly [string, () => Promise<Agent>])[] = [
  ['Amazon ECS', givenAgent],
  ['Cloud Run', givenCloudRun],
  ['Container Apps', givenApp],
  ['Kubernetes', givenKubernetes],
];

/** Every place that it could be read in, without what the runner itself keeps (masks). */
function placesOf({ main, post, summary }: ActionResult): string {
  return [main, post].map(({ log, state }) => withoutMasks(log) + JSON.stringify(state)).join('\n') + summary;
}

async function deployPrinting(agent: Agent, lines: readonly string[], inputs: Record<string, string>) {
  const image = agent.world.publish('v2', { crash: { afterMs: 1_000, exitCode: 3, logs: lines } });
  const result = await agent.deploy({ image, ...inputs });
  return { result, text: placesOf(result) };
}

describe('a value that a container prints as it crashes is nowhere, in whatever form:', () => {
  const chunks = Array.from({ length: Math.ceil(FORMS.length / 4) }, (_, index) =>
    FORMS.slice(index * 4, index * 4 + 4),
  );

  test.each(chunks.map((forms) => [forms.map(([name]) => name).join(', '), forms] as const))(
    'one of the input environment-variables: %s',
    async (_, forms) => {
      const lines = forms.flatMap(([, form]) => `key ${form(VALUE)}`.split('\n'));
      const inputs = { 'environment-variables': `NEW_KEY: ${JSON.stringify(VALUE)}` };
      const { result, text } = await deployPrinting(await givenAgent(), lines, inputs);
      expect(result.main.outputs['outcome']).toBe('rolled-back');
      expect(text.match(/key [b'"]*\*\*\*|"url":"https:\/\/a\.dev\/\?k=\*\*\*/g)?.length).toBeGreaterThanOrEqual(
        forms.length,
      );
      expect(TRACES.filter((trace) => text.includes(trace))).toEqual([]);
    },
  );

  test('one of the live definition, and a header of a smoke test', async () => {
    const agent = await givenAgent({ service: { containers, customDomains: [LIVE] } });
    const own = [S.environment, S.sidecar, S.bearer, S.header];
    const lines = own.flatMap(({ value }) => [`plain ${value}`, `hex ${Buffer.from(value).toString('hex')}`]);
    const { result, text } = await deployPrinting(agent, lines, { container: 'web', 'smoke-tests': predict({}) });
    expect(result.main.outputs['outcome']).toBe('rolled-back');
    expect(text).toMatch(/plain \*\*\*/);
    const traces = own.flatMap(({ marks }) => [...marks, ...marks.map((mark) => Buffer.from(mark).toString('hex'))]);
    expect(traces.filter((trace) => text.includes(trace))).toEqual([]);
  });
});

describe('a value that a service answers with is nowhere either', () => {
  const forms = FORMS.filter(([name]) => /^(?:as it is|base64|hex|URL|HTML, decimal|JSON in JSON|wrapped)$/.test(name));

  test.each(clouds)(
    'on %s',
    async (_, given) => {
      for (const [, form] of forms) {
        const agent = await given();
        const image = agent.world.publish('v2', { answers: { '/x': { status: 500, body: `key ${form(VALUE)}` } } });
        const result = await agent.deploy({
          image,
          'environment-variables': `NEW_KEY: ${JSON.stringify(VALUE)}`,
          'smoke-tests': JSON.stringify([{ 'GET /x': { 'retry-for': '0s' } }]),
        });
        const text = placesOf(result);
        expect(result.main.outputs['outcome']).toBe('rolled-back');
        expect(text).toContain('***');
        expect(TRACES.filter((trace) => text.includes(trace))).toEqual([]);
      }
    },
    60_000,
  );
});

describe('a value that only the live definition has is nowhere either', () => {
  test.each(clouds)('on %s', async (_, given) => {
    const agent = await given();
    const first = await agent.deploy({
      image: agent.world.publish('v2', {}),
      'environment-variables': `NEW_KEY: ${JSON.stringify(VALUE)}`,
    });
    expect(first.main.outputs['outcome']).toBe('deployed');
    const body = `key ${VALUE}, hex ${Buffer.from(VALUE).toString('hex')}`;
    const image = agent.world.publish('v3', { answers: { '/x': { status: 500, body } } });
    const tests = JSON.stringify([{ 'GET /x': { 'retry-for': '0s' } }]);
    const { main, post, summary } = await agent.deploy({ image, 'smoke-tests': tests });
    const text = placesOf({ main, post, summary });
    expect(main.outputs['outcome']).toMatch(/^roll/);
    expect(text).toContain('key ***, hex ***');
    expect(TRACES.filter((trace) => text.includes(trace))).toEqual([]);
  });
});

test('ordinary values are no secrets: the log says what it says', async () => {
  const agent = await givenAgent();
  const ordinary = 'A: production\nB: "8080"\nC: "true"\nD: agent\nE: eu-west-1\nF: info\n';
  const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), 'environment-variables': ordinary });
  expect(main.outputs['outcome']).toBe('deployed');
  expect(withoutMasks(main.log) + main.summary).not.toContain('***');
  expect(main.log).not.toMatch(/^::add-mask::(?:production|8080|true|agent|eu-west-1|info)$/m);
});

test('the runner masks a variable for the rest of the job, encoded too', async () => {
  const agent = await givenAgent();
  const inputs = { image: agent.world.publish('v2', {}), 'environment-variables': 'KEY: hunter2/hunter2' };
  const { main } = await agent.deploy(inputs);
  const masks = main.log.match(/(?<=^::add-mask::).*$/gm);
  expect(masks).toEqual(
    expect.arrayContaining([
      'hunter2/hunter2',
      // As a workflow command writes `%`.
      'hunter2%252Fhunter2',
      Buffer.from('hunter2/hunter2').toString('hex'),
      Buffer.from('hunter2/hunter2').toString('base64'),
    ]),
  );
});
