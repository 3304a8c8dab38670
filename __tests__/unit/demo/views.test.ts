import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { openBriefView } from '../../../demo/brief-view.ts';
import { openVerboseView } from '../../../demo/verbose-view.ts';
import type { StoryEnd, Terminal, View } from '../../../demo/view.ts';

const story = {
  title: 'A healthy canary',
  description: 'v2 gets 5%, then all.',
  tag: 'v2',
  behaviour: {},
  check: () => [],
};
const ESC = '\u001b';

const log = [
  '::group::Roll out\nour deployment: agent-2\n::endgroup::\n',
  '█░░░░░░░░░░░░░░░░░░░ 5% of the tra',
  'ffic\n::group::Analyze at 5%25\n',
  '::endgroup::\n████████████████████ 100% of the traffic\n',
  '✅ Deployed agent to production · 1m 7s [deployed]\nagent-1 -> agent-2, at https://agent.example\n',
];
const failed = [
  '█████░░░░░░░░░░░░░░░ 25% of the traffic\n',
  '↩️ Failed and rolled back: the previous revision of agent was restored · 1m 7s [rolled-back]\n',
  '::error title=Failed%3A it::smoke tests failed: 50%25%0ANext step: fix it\n',
];

function show(
  open: (terminal: Terminal) => View,
  parts: readonly string[],
  { problems = [], ...terminal }: Partial<Terminal> & { readonly problems?: readonly string[] } = {},
): string {
  const written: string[] = [];
  const write = (part: string): void => void written.push(part);
  const view = open({ write, isTerminal: false, hasColours: false, columns: 120, ...terminal });
  const ended: StoryEnd = {
    title: 'Cloud: A healthy canary',
    problems,
    durationMs: 67_000,
    visits: { asked: 67, failed: 0 },
    now: { status: 200, body: 'v2' },
  };
  view.begin('Cloud', story);
  for (const part of parts) view.output(part);
  view.end(ended);
  view.close([ended], 1_234);
  return written.join('');
}

describe('the brief demo', () => {
  test('has plain lines without a terminal: a story each, with its bar, and no code', () => {
    expect(show(openBriefView, log)).toBe(
      [
        'Cloud',
        `  ✓ ${'A healthy canary'.padEnd(46)} ██████████ agent-1 -> agent-2 in 67s, 0 of 67 requests failed`,
        '1 of 1 stories ended as expected: 67s of simulated time in 1.2s.',
        'The whole log of each: npm run demo -- --verbose',
        '',
      ].join('\n'),
    );
  });

  test('shows the cause of a failure in a line of its own, and gives the traffic back', () => {
    const lines = show(openBriefView, failed).split('\n');
    expect(lines[1]).toMatch(/ ░{10} rolled back in 67s, /);
    expect(lines[2]).toBe('      smoke tests failed: 50%');
  });

  test('writes the line of the story that runs again on a terminal, in its width, with the traffic that it has', () => {
    const shown = show(openBriefView, log, { isTerminal: true, hasColours: true });
    const frames = shown.split('\r').map(stripVTControlCharacters);
    expect(frames).toContainEqual(expect.stringMatching(/ █░{9} Analyze at 5%$/));
    expect(frames.at(-1)).toMatch(/^ {2}✓ A healthy canary .*█{10} agent-1 -> agent-2/);
    for (const frame of frames.slice(1, -1)) expect(frame.length).toBeLessThan(120);
    expect(shown).toContain(`${ESC}[32m✓${ESC}[0m`);
  });

  test('has no colours on a terminal where they are not wanted', () => {
    const shown = show(openBriefView, log, { isTerminal: true });
    expect(shown.replaceAll(`\r${ESC}[2K`, '')).not.toContain(ESC);
  });

  test('says what is not as expected', () => {
    const shown = show(openBriefView, log, { problems: ['outcome: expected deployed, got refused'] });
    expect(shown).toMatch(/^ {2}✗ .*\n {6}UNEXPECTED: outcome: expected deployed, got refused\n0 of 1 stories/m);
  });
});

test('the verbose demo shows the whole log: groups as headings, annotations as text, nothing of other commands', () => {
  const shown = show(openVerboseView, ['::add-mask::secret\n', ...log, ...failed]);
  expect(shown).toContain('   ▸ Analyze at 5%\n');
  expect(shown).toContain('     our deployment: agent-2\n');
  expect(shown).toContain('   ✗ error: Failed: it\n       smoke tests failed: 50%\n       Next step: fix it\n');
  expect(shown).not.toContain('secret');
});
