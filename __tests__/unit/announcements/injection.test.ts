import { describe, expect, test } from '@jest/globals';
import type { Arbitrary } from 'fast-check';
import { readTraceRequest } from '../../../simulators/opentelemetry/trace-request.ts';
import { annotationBody } from '../../../src/announcements/channels/grafana.ts';
import { slackBody } from '../../../src/announcements/channels/slack.ts';
import { neutral, webhookBody } from '../../../src/announcements/channels/webhook.ts';
import { endCheck, startCheck } from '../../../src/announcements/github/check.ts';
import { bodyOf, markerOf } from '../../../src/announcements/github/comment.ts';
import { endDeployment, startDeployment } from '../../../src/announcements/github/deployment.ts';
import { endedMessage, startedMessage } from '../../../src/announcements/message.ts';
import { encodeTrace } from '../../../src/announcements/traces/send-trace.ts';
import { traceOf } from '../../../src/announcements/traces/spans.ts';
import type { GitHubApi } from '../../../src/github/api.ts';
import { PLACEHOLDERS } from '../../../src/model/announcement.ts';
import { emptyRecord, endAs, OUTCOME_KINDS } from '../../../src/model/outcome.ts';
import type { Evidence } from '../../../src/report/evidence.ts';
import { noRunFacts } from '../../../src/report/run-facts.ts';
import { fc } from '../../fixtures/fast-check.ts';

/** What a chat, GitHub or a terminal would do something with. */
const hostile = fc.oneof(
  fc.constantFrom(
    '<!channel>',
    '<!here|x>',
    '<@U024BE7LH>',
    '<#C1>',
    '@everyone',
    '@here',
    '@octocat',
    '<http://evil.example|ok>',
  ),
  fc.constantFrom(
    '[ok](http://evil.example)',
    '![x](http://evil.example/p.png)',
    '*bold* _it_ ~s~ `c`',
    '```\nend',
    '&lt;!channel&gt;',
  ),
  fc.constantFrom(
    '\u001b[31mred',
    '\u202eevil',
    '\u0000',
    '\r\n::error::x',
    '{cause}{next-step}',
    '<!-- deploy-agent 0 -->',
    '\ud800',
    '{"a":1}',
  ),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.nat({ max: 9_000 }).map((length) => 'x&<>@'.repeat(length)),
);
const foreign = fc.array(hostile, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));

const evidence: Arbitrary<Evidence> = fc
  .record({ text: foreign, other: foreign, kind: fc.constantFrom(...OUTCOME_KINDS), hasRollback: fc.boolean() })
  .map(({ text, other, kind, hasRollback }) => {
    const failure = { code: 'DEPLOY_FAILED', message: text, hint: other } as const;
    const outcome = endAs(kind, {
      ...{ revision: other, previousRevision: text, failure, notes: [text] },
      diagnosis: { cause: other, hint: text, facts: [text, other], logs: [{ source: text, lines: [other, text] }] },
      rollback: hasRollback ? { failure, command: text } : null,
    });
    const record = {
      ...emptyRecord(0),
      resource: text,
      image: other,
      url: `https://a.example/${encodeURI(text.toWellFormed())}`,
      finishedAt: 5_000,
    };
    const run = {
      ...noRunFacts,
      actor: text,
      commitMessage: other,
      repository: 'acme/agent',
      runUrl: 'https://github.com/acme/agent/actions/runs/1',
    };
    return { outcome, record, run };
  });

interface SlackText {
  readonly type: string;
  readonly text: string;
}
interface SlackBlock {
  readonly type: string;
  readonly text?: SlackText;
  readonly elements?: readonly SlackText[];
}

function textsOf(blocks: readonly SlackBlock[]): readonly SlackText[] {
  return blocks.flatMap(({ text, elements = [] }) => [...(text ? [text] : []), ...elements]);
}

describe('whatever text comes from outside', () => {
  test('Slack gets it as plain text within its limits, and no markup beside our own links', () => {
    fc.assert(
      fc.property(evidence, (told) => {
        for (const message of [endedMessage(told), startedMessage(told.record, told.run, false)]) {
          const { text, blocks } = slackBody(message) as {
            readonly text: string;
            readonly blocks: readonly SlackBlock[];
          };
          expect(blocks.length).toBeLessThanOrEqual(50);
          for (const block of blocks) {
            const longest = block.type === 'header' ? 150 : 3_000;
            for (const one of textsOf([block])) {
              expect(one.text.length).toBeGreaterThan(0);
              expect(one.text.length).toBeLessThanOrEqual(longest);
              if (one.type !== 'plain_text')
                expect(one.text.replace(/<https?:[^<>|]*\|(?:Log|Service|Preview|Console)>/g, '')).toMatch(
                  /^(?: · )*$/,
                );
            }
          }
          expect(text).not.toMatch(/[<>]/);
          expect(text.isWellFormed()).toBe(true);
        }
      }),
    );
  });

  test('a webhook gets it as values of JSON; a template, without mentions and links, and is filled in once', () => {
    const template = Object.fromEntries(PLACEHOLDERS.map((name) => [name, `a {${name}} z`]));
    fc.assert(
      fc.property(evidence, (told) => {
        const message = endedMessage(told);
        const document = webhookBody(message, null) as Record<string, unknown>;
        expect(Object.keys(document)).toHaveLength(PLACEHOLDERS.length + 1);
        expect(JSON.stringify(document).length).toBeLessThan(200_000);
        const filled = webhookBody(message, template) as Record<string, string>;
        expect(Object.keys(filled)).toEqual([...PLACEHOLDERS]);
        for (const text of Object.values(filled)) {
          expect(text).toMatch(/^a .* z$/s);
          expect(text).not.toMatch(/@(?![\s\u200b])|<(?![\s\u200b])|\]\(/);
        }
      }),
    );
  });

  test('what a template gets reads as it was written', () => {
    fc.assert(
      fc.property(foreign, (text) => {
        expect(neutral(text).replaceAll('\u200b', '')).toBe(text.toWellFormed().replaceAll('\u200b', ''));
      }),
    );
  });

  test('no control character and no mark of direction reaches a message', () => {
    fc.assert(
      fc.property(evidence, (told) => {
        for (const text of Object.values(endedMessage(told).texts))
          expect(text).not.toMatch(/[^\P{Cc}\n\t]|\p{Bidi_Control}/u);
      }),
    );
  });

  test('a trace has it as values of attributes, within their limit, and as many spans as before', () => {
    const shape = (request: unknown): string =>
      JSON.stringify(request, (_name, value) => (typeof value === 'string' ? '' : value));
    fc.assert(
      fc.property(evidence, (told) => {
        const phases = [{ name: told.record.resource!, startedAt: 1_000, durationMs: 1_000 }];
        const whole = { ...told, record: { ...told.record, phases } };
        const names = { workflow: told.run.actor, job: told.run.actor, runId: null };
        const request = readTraceRequest(encodeTrace(traceOf(whole, names), {}).body);
        const texts = JSON.stringify(request);
        const plain = { ...whole, record: { ...whole.record, phases: [{ ...phases[0]!, name: 'x' }] } };
        expect(shape(request)).toBe(shape(readTraceRequest(encodeTrace(traceOf(plain, names), {}).body)));
        JSON.parse(texts, (_name, value) => {
          if (typeof value !== 'string') return value;
          expect(value.length).toBeLessThanOrEqual(2_000);
          expect(value).not.toMatch(/[^\P{Cc}\n\t]|\p{Bidi_Control}/u);
          expect(value.isWellFormed()).toBe(true);
          return value;
        });
      }),
    );
  });

  test('Grafana gets no HTML in an annotation, and texts within their limits', () => {
    fc.assert(
      fc.property(evidence, (told) => {
        const { text, tags } = annotationBody(endedMessage(told)) as { readonly text: string; readonly tags: string[] };
        expect(text).not.toMatch(/[<>"]|&(?!(?:amp|lt|gt|quot|a|am|l|g|q|qu|quo)?(?:;|…|$))/);
        expect(text.length).toBeLessThanOrEqual(2_000);
        for (const tag of tags) expect(tag.length).toBeLessThanOrEqual(100);
      }),
    );
  });

  test('a check, a status and a deployment have it as visible text, and as no Markdown where GitHub shows that', async () => {
    await fc.assert(
      fc.asyncProperty(evidence, foreign, fc.constantFrom('check', 'status'), async (told, environment, kind) => {
        const sent: Record<string, unknown>[] = [];
        const request = async (route: string, body: Record<string, unknown> = {}) => {
          if (!route.startsWith('GET')) sent.push(body);
          return { data: route.startsWith('GET') ? [] : { id: 7 } };
        };
        const api = { owner: 'acme', repo: 'agent', request: request as unknown as GitHubApi['request'] };
        const run = { ...told.run, environment, requested: { image: null, service: environment, name: null } };
        const whole = { ...told, run, record: { ...told.record, resource: null } };
        const commit = 'a'.repeat(40);
        const id = await startCheck(api, kind, { ...whole, commit, reviewed: null });
        await endCheck(api, kind, { commit, evidence: whole, reviewed: null, id });
        const start = {
          environment: 'production',
          commit,
          ...whole,
          isPreview: false,
          event: 'push',
          noteId: () => {},
        };
        await startDeployment(api, start);
        await endDeployment(api, 7, whole);
        for (const { output, payload: _, ...texts } of sent) {
          const { title = '', summary = '' } = (output ?? {}) as { readonly title?: string; readonly summary?: string };
          const shown = [title, summary, texts['name'], texts['context'], texts['description']];
          for (const text of shown.map((one) => String(one ?? ''))) {
            expect(text).not.toMatch(/[^\P{Cc}\n\t]|\p{Bidi_Control}/u);
            expect(text.isWellFormed()).toBe(true);
          }
          expect(summary.split('\n')[0]).not.toMatch(/(?<!\w)@\w|<(?!\/?span>)|\]\(|\*\*?\w|`/);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('a comment on GitHub is within its limit, and has one marker, its own', () => {
    fc.assert(
      fc.property(evidence, fc.constantFrom(65_000, 3_000, 500), (told, limit) => {
        const body = bodyOf(told, limit);
        expect(body.length).toBeLessThanOrEqual(Math.max(limit, 2_500));
        expect(body.replace(/```.*?```/gs, '')).not.toMatch(/<!-- deploy-agent [0-9a-f]{16}/);
        expect(markerOf('plan', told).whole).toMatch(/^<!-- deploy-agent [0-9a-f]{16} [0-9a-f]{16} -->$/);
      }),
    );
  });
});
