import { afterEach, expect, test } from '@jest/globals';
import { closeAgents, givenAgent } from './agent.ts';

afterEach(closeAgents);

const SCREEN_LINES = 32;

/** What the page of the run shows. */
function linesOf(log: string): readonly string[] {
  return log.split('\n').filter((line) => line !== '' && !/^::(?:add-mask|endgroup|debug)/.test(line));
}

test('the log of a good deployment is one screen, with short names; the report has them whole', async () => {
  const agent = await givenAgent();
  const image = agent.world.publish('v2', { answers: { '/predict': { status: 200 } } });
  const { main } = await agent.deploy({
    image,
    'smoke-tests': '- GET /health\n- POST /predict',
    environment: 'production',
  });
  const lines = linesOf(main.log);
  expect(lines.length).toBeLessThanOrEqual(SCREEN_LINES);
  expect(lines.filter((line) => line.startsWith('::group::'))).toHaveLength(6);
  expect(main.log.replace(/^::.*$/gm, '')).not.toMatch(/[0-9a-f]{32}|arn:aws/);
  expect(lines.slice(-2)).toEqual([
    'agent:1 -> agent:2, at https://agent.acme.dev',
    expect.stringMatching(/^✅ Deployed agent to production · \d+m? ?\d*s? \[deployed\]$/),
  ]);
  expect(main.outputs['image']).toMatch(/@sha256:[0-9a-f]{64}$/);
  expect(main.log).not.toContain('\u001b');
});

test('GitHub shows it in colours, which no text from outside can bring in', async () => {
  const agent = await givenAgent();
  const image = agent.world.publish('v2', { answers: { '/predict': { status: 500, body: '\u001b[31mred\u001b[0m' } } });
  const { main } = await agent.deploy(
    { image, 'smoke-tests': '- GET /predict: { retry-for: 5s }' },
    { env: { NO_COLOR: '' } },
  );
  expect(main.log).toContain('\u001b[31m✗\u001b[0m GET /predict');
  expect(main.log).not.toContain('\u001b[31mred');
  expect(main.log).toContain('[31mred');
});
