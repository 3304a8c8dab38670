import { describe, expect, jest, test } from '@jest/globals';
import { slackBody } from '../../../src/announcements/channels/slack.ts';
import { webhookBody } from '../../../src/announcements/channels/webhook.ts';
import { endCheck } from '../../../src/announcements/github/check.ts';
import { writeComment } from '../../../src/announcements/github/comment.ts';
import { endedMessage } from '../../../src/announcements/message.ts';
import type { GitHubApi } from '../../../src/github/api.ts';
import { openLog } from '../../../src/io/log.ts';
import { emptyRecord, endAs } from '../../../src/model/outcome.ts';
import type { Evidence } from '../../../src/report/evidence.ts';
import { noRunFacts } from '../../../src/report/run-facts.ts';
import { renderSummary } from '../../../src/report/summary.ts';

const CUT = 'was cut in the middle of its longest parts';
const run = { ...noRunFacts, commit: 'a'.repeat(40), repository: 'acme/agent' };

function evidenceWith(...notes: readonly string[]): Evidence {
  return { outcome: endAs('planned', { notes }), record: emptyRecord(0), run };
}

/** What is sent to GitHub's API instead of a request. */
async function sentBy(write: (api: GitHubApi) => Promise<void>): Promise<string> {
  const sent: string[] = [];
  const request = async (_route: string, { body, output }: Record<string, unknown> = {}) => {
    if (output) sent.push((output as { summary: string }).summary);
    if (body) sent.push(body as string);
    return { data: [] };
  };
  await write({ owner: 'acme', repo: 'agent', request: request as unknown as GitHubApi['request'] });
  expect(sent).toHaveLength(1);
  return sent[0]!;
}

const bytes = (text: string): number => Buffer.byteLength(text);
/** As the runner on Windows uploads it. */
const uploaded = (text: string): number => bytes(text.replaceAll('\n', '\r\n'));

describe.each([
  ['a job summary', 1_048_576, uploaded, async (evidence: Evidence) => renderSummary(evidence)],
  [
    'a comment',
    65_536,
    bytes,
    (evidence: Evidence) => sentBy((api) => writeComment(api, 7, { kind: 'plan', evidence })),
  ],
  [
    'the summary of a check run',
    65_535,
    bytes,
    (evidence: Evidence) =>
      sentBy((api) => endCheck(api, 'check', { commit: run.commit, evidence, reviewed: null, id: null })),
  ],
] as const)('%s', (_what, limit, sizeOf, textOf) => {
  test.each([
    ['x', 1],
    ['€', 3],
    ['🌈', 4],
  ])('is whole up to its limit in bytes, and cut above it: of %s', async (character, size) => {
    const start = sizeOf(await textOf(evidenceWith(character))) - size;
    for (const [more, isCut] of [
      [-1, false],
      [0, false],
      [1, true],
    ] as const) {
      const room = limit - start + more;
      const note = character.repeat(Math.floor(room / size)) + 'x'.repeat(room % size);
      const text = await textOf(evidenceWith(note));
      expect([more, text.includes(CUT)]).toEqual([more, isCut]);
      expect(sizeOf(text)).toBeLessThanOrEqual(limit);
      if (!isCut) expect(sizeOf(text)).toBe(limit + more);
      expect(text.isWellFormed()).toBe(true);
    }
  });

  test('is within it whatever there is to say, and however many lines it has', async () => {
    const failure = { code: 'DEPLOY_FAILED', message: 'm', hint: null } as const;
    const logsOf = (text: string) => ({
      cause: null,
      hint: null,
      facts: [],
      logs: [{ source: 'web', lines: text.split('\n') }],
    });
    for (const [note, log] of [
      ['x', 'y\n'.repeat(400_000)],
      ['*'.repeat(200_000), '*'.repeat(200_000)],
      ['$'.repeat(200_000), '$'.repeat(200_000)],
    ] as const) {
      const outcome = endAs('rolled-back', { failure, notes: [note], diagnosis: logsOf(log) });
      const text = await textOf({ ...evidenceWith(), outcome });
      expect(text).toContain(CUT);
      expect(sizeOf(text)).toBeLessThanOrEqual(limit);
    }
  });
});

test('a text of a template has at most 2,000 characters, and keeps its addresses', () => {
  const { texts, ...message } = endedMessage(evidenceWith());
  const url = 'https://github.com/acme/agent/actions/runs/4711/attempts/1';
  for (const character of ['x', '🌈', '@']) {
    for (const length of [1, 1_700, 2_000]) {
      const told = { ...texts, cause: character.repeat(length).slice(0, length), headline: 'Failed', 'run-url': url };
      const template = { content: '{headline}\n{cause}\n{run-url}', twice: '{cause}{cause}', fixed: 'y'.repeat(3_000) };
      const body = webhookBody({ ...message, texts: told }, template) as typeof template;
      expect(body.content.endsWith(`\n${url}`)).toBe(true);
      expect(body.content.includes('…')).toBe(length === 2_000 || (length === 1_700 && character === '@'));
      for (const text of [body.content, body.twice]) expect(text.length).toBeLessThanOrEqual(2_000);
      expect(body.content.isWellFormed()).toBe(true);
      expect(body.fixed).toHaveLength(3_000);
    }
  }
});

test('a check has a name of its own for each service, environment and mode, however long', async () => {
  const names = new Set<unknown>();
  const long = 'x'.repeat(90);
  for (const resource of ['agent', `service ${long} in cluster a`, `service ${long} in cluster b`]) {
    for (const environment of [null, 'staging', 'production', `${long}1`, `${long}2`]) {
      const request = async (_route: string, { name }: Record<string, unknown> = {}) => names.add(name);
      const api = { owner: 'acme', repo: 'agent', request: request as unknown as GitHubApi['request'] };
      const evidence = { ...evidenceWith(), record: { ...emptyRecord(0), resource }, run: { ...run, environment } };
      for (const reviewed of [null, 'plan', 'preview'] as const)
        await endCheck(api, 'check', { commit: run.commit, evidence, reviewed, id: null });
    }
  }
  expect(names.size).toBe(45);
  for (const name of names) expect(String(name).length).toBeLessThanOrEqual(100);
  expect(names).toContain('deploy-agent: agent');
});

describe('an annotation', () => {
  const annotationsOf = (say: (log: ReturnType<typeof openLog>) => void): readonly string[] => {
    const printed: string[] = [];
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
    try {
      say(openLog());
    } finally {
      write.mockRestore();
    }
    return printed.flatMap((line) => /^::(?:error|warning|notice)(?: .*?)?::(.*)$/m.exec(line)?.[1] ?? []);
  };

  test.each(['error', 'warning', 'notice'] as const)(
    'is whole up to 4,096 UTF-16 units, and cut in the middle above: %s',
    (kind) => {
      for (const length of [4_095, 4_096, 4_097]) {
        for (const text of ['x'.repeat(length), `x${'🌈'.repeat(length)}`.slice(0, length)]) {
          const [annotation = ''] = annotationsOf((log) => log[kind](text, 'title'));
          const said = annotation.replaceAll('%0A', '\n');
          expect(said.includes('characters left out')).toBe(length > 4_096);
          expect(said.length).toBeLessThanOrEqual(4_096);
          if (length <= 4_096) expect(said).toHaveLength(length);
        }
      }
    },
  );

  test('has ten of its kind: the tenth names the others, in a number', () => {
    for (const [count, annotations, more] of [
      [9, 9, null],
      [10, 10, '1 more error, which is'],
      [11, 10, '2 more errors, which are'],
      [500, 10, '491 more errors, which are'],
    ] as const) {
      const said = annotationsOf((log) => {
        for (let index = 1; index <= count; index += 1) log.error(`cause ${index}`, 'title');
        log.close();
      });
      expect(said).toHaveLength(annotations);
      expect(said[0]).toBe('cause 1');
      if (more) expect(said.at(-1)).toContain(more);
    }
  });
});

test('a message for Slack has texts of at most 3,000 characters, a header of at most 150, and at most 50 blocks', () => {
  const message = endedMessage(evidenceWith('x'));
  for (const character of ['x', '🌈']) {
    for (const length of [149, 150, 151, 2_999, 3_000, 3_001]) {
      const text = character.repeat(length).slice(0, length);
      const texts = Object.fromEntries(Object.keys(message.texts).map((name) => [name, text]));
      const { blocks } = slackBody({ ...message, texts: texts as typeof message.texts }) as {
        readonly blocks: readonly { readonly type: string; readonly text?: { readonly text: string } }[];
      };
      expect(blocks.length).toBeLessThanOrEqual(50);
      const [header, cause] = blocks;
      // Its mark and a space come first.
      expect(header!.text!.text.endsWith('…')).toBe(length + message.mark.length + 1 > 150);
      expect(header!.text!.text.length).toBeLessThanOrEqual(150);
      expect(cause!.text!.text.endsWith('…')).toBe(length > 3_000);
      if (length <= 3_000) expect(cause!.text!.text).toHaveLength(length);
      for (const { text: shown } of blocks) expect(shown?.text.length ?? 0).toBeLessThanOrEqual(3_000);
    }
  }
});
