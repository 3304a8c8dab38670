import { expect, test } from '@jest/globals';
import { openBriefView } from '../../demo/brief-view.ts';
import { runStories } from '../../demo/run-stories.ts';
import { rollingStories, type Story } from '../../demo/stories.ts';
import { openAgentService } from '../../simulators/agent-service.ts';
import { source } from './agent.ts';

async function run(story: Story): Promise<{ readonly isGood: boolean; readonly shown: string }> {
  const written: string[] = [];
  const write = (text: string): void => void written.push(text);
  const view = openBriefView({ write, isTerminal: false, hasColours: false, columns: 160 });
  const clouds = [{ name: 'Amazon ECS', open: openAgentService, stories: [story] }];
  const isGood = await runStories(clouds, source, view);
  return { isGood, shown: written.join('') };
}

test('a story of the demo is a line with what the real log says', async () => {
  const { isGood, shown } = await run(rollingStories[0]!);
  expect(shown).toMatch(
    /^ {2}✓ A successful deployment {2,}█{10} agent:1 -> agent:2 in \d+s, 0 of \d+ requests failed$/m,
  );
  expect(isGood).toBe(true);
});

test('a story that ends in another way than it is told fails the demo', async () => {
  const { isGood, shown } = await run({
    ...rollingStories[0]!,
    behaviour: { crash: { afterMs: 1_000, exitCode: 1, logs: [] } },
  });
  expect(shown).toContain('UNEXPECTED: outcome: expected deployed, got rolled-back');
  expect(isGood).toBe(false);
});
