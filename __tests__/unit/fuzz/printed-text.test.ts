import { describe, expect, test } from '@jest/globals';
import { excerpt } from '../../../src/engine/smoke-tests/excerpt.ts';
import { openOutputLines } from '../../../src/engine/smoke-tests/output-lines.ts';
import { harmless } from '../../../src/io/log.ts';
import { emptyRecord, type Outcome, type RunRecord } from '../../../src/model/outcome.ts';
import { redact } from '../../../src/model/redact.ts';
import { visible } from '../../../src/model/visible.ts';
import { codeBlock, codeSpan, escapeMarkdown } from '../../../src/report/escape.ts';
import { noRunFacts } from '../../../src/report/run-facts.ts';
import { renderSummary } from '../../../src/report/summary.ts';
import { fc } from '../../fixtures/fast-check.ts';
import { anyText, textWith } from './attacks.ts';

const commands = [
  '::',
  '##[',
  'error',
  'set-output name=a::',
  '\n',
  '\r',
  '\r\n',
  ' ',
  '\t',
  '\u001b[31m',
  '\u2028',
  ':',
];
const invisible = [
  '\u0000',
  '\u0008',
  '\u0085',
  '\u009b',
  '\u00a0',
  '\u061c',
  '\u200e',
  '\u202e',
  '\u2066',
  '\ufeff',
  '\u200b',
  '\u2062',
  '\u{e0041}',
  '\u{e007f}',
  '\u{e0100}',
];
const markdown = [
  '<',
  '>',
  '&',
  '|',
  '`',
  '``',
  '```',
  '~~~',
  '[a](b)',
  '![',
  '<!--',
  '-->',
  '\\',
  '\n',
  '#',
  '@',
  '*',
  '_',
  '1. ',
  '- ',
  '==',
  '12',
  'GH-',
  ':tada:',
  'acme',
  'www.',
  'WWW.',
  'https://',
  '\u{e0041}',
];

/** What .NET's `TrimStart` takes off before the runner looks (actions/runner ActionCommand.cs). */
const DOTNET_SPACE = /^(?:[\t\n\v\f\r\u0085]|\p{Z})+/u;

function isCommand(line: string): boolean {
  return line.replace(DOTNET_SPACE, '').startsWith('::') || line.includes('##[');
}

describe('text that is made harmless for the log', () => {
  const text = anyText(...commands, ...invisible);

  test('has no line that the runner takes for a command', () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(
          harmless(given)
            .split(/\r\n|\n|\r/)
            .filter(isCommand),
        ).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('has no control character, no mark that turns the direction, and nothing that only a program sees', () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(harmless(given)).not.toMatch(/[^\P{Cc}\n\t]|\p{Bidi_Control}|[\u200b\ufeff\u{e0000}-\u{e01ef}]/u);
      }),
      { numRuns: 300 },
    );
  });

  test('is the same when it is made harmless again, and plain text stays as it is', () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(harmless(harmless(given))).toBe(harmless(given));
      }),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9 .,]*$/), (given) => {
        expect(harmless(given)).toBe(given);
      }),
      { numRuns: 100 },
    );
  });
});

describe("a script's output", () => {
  test('in chunks of any size comes as whole lines, none longer than 4096 characters', () => {
    const output = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
    fc.assert(
      fc.property(
        fc.oneof(
          output,
          textWith(commands).map((text) => [...Buffer.from(text)].map((byte) => Uint8Array.of(byte))),
        ),
        (chunks) => {
          const printed: string[] = [];
          const stream = openOutputLines((lines) => printed.push(...lines)).openStream();
          for (const chunk of chunks) stream.write(Buffer.from(chunk));
          stream.end();
          const whole = Buffer.concat(chunks)
            .toString('utf8')
            .split(/\r\n|\n|\r/);
          if (whole.at(-1) === '') whole.pop();
          expect(printed).toEqual(whole);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('an excerpt of a response', () => {
  test('is one short line without any of the secrets, raw, in JSON or in a URL', () => {
    const secret = fc
      .string({ minLength: 8, maxLength: 20 })
      .filter((text) => text.trim() === text && !text.includes('*'));
    const around = fc.array(anyText('"', ' '), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(secret, around, (hidden, parts) => {
        for (const form of [hidden, JSON.stringify(hidden).slice(1, -1), encodeURIComponent(hidden)]) {
          const shown = excerpt(parts.join(form), (text) => redact(text, [hidden]));
          expect([...shown].length).toBeLessThanOrEqual(203);
          expect(shown).not.toMatch(/[\r\n\u2028]/);
          expect(shown.includes(form) && !parts.join('').includes(form)).toBe(false);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('text in the summary', () => {
  const text = anyText(...markdown);

  test('that is escaped is one line and opens no tag, link, cell, code or mention', () => {
    fc.assert(
      fc.property(text, (given) => {
        const escaped = escapeMarkdown(given);
        expect(escaped).not.toMatch(/[<>|`*_[\]!~@\\\r\n]/);
        // GitHub makes links of these by itself.
        expect(escaped).not.toMatch(/www\.|:\/\//i);
        expect(escaped.replace(/&(?:amp|lt|gt|#\d+);/g, '')).not.toMatch(/[&#]/);
        const shown = readBack(escaped);
        // GitHub makes these of the finished text: mentions, references, and emoji.
        expect(shown).not.toMatch(/(?<!\w)@\w|#\d|\bGH-\d|(?<!\w):[\w+-]+:/i);
        // Nor does it begin what only the start of a line begins: a list, a rule, a heading, a block of code.
        expect(escaped).not.toMatch(/^(?:[-=+ ]|\d+[.)])/);
        expect(shown.replaceAll('\u200b', '')).toBe(visible(given).replace(/[\n\t]+/g, ' '));
      }),
      { numRuns: 300 },
    );
  });

  test('that is a code span is one line and ends where we end it', () => {
    fc.assert(
      fc.property(text, (given) => {
        const span = codeSpan(given);
        if (span === '') return;
        const fence = /^`+/.exec(span)?.[0] ?? '';
        const inner = span.slice(fence.length, -fence.length);
        expect(span).not.toMatch(/[\r\n]/);
        expect(span.endsWith(fence)).toBe(true);
        expect(runsOf(inner).filter((run) => run === fence.length)).toEqual([]);
        expect(inner.replace(/\\\|/g, '')).not.toContain('|');
      }),
      { numRuns: 300 },
    );
  });

  test('that is a code block ends where we end it', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 4 }), (lines) => {
        const block = codeBlock(lines).split('\n');
        const fence = /^`+/.exec(block[0] ?? '')?.[0] ?? '';
        const closing = new RegExp(`^ {0,3}\`{${fence.length},}\\s*$`);
        expect(block.slice(1).findIndex((line) => closing.test(line.replace(/\r/g, '')))).toBe(block.length - 2);
      }),
      { numRuns: 300 },
    );
  });

  test('anywhere in the whole summary leaves its headings and tables as they are', () => {
    const plain = shapeOf(summaryWith('x'));
    fc.assert(
      fc.property(text, (given) => {
        expect(shapeOf(summaryWith(given === '' ? 'x' : given))).toEqual(plain);
      }),
      { numRuns: 200 },
    );
  });
});

function readBack(escaped: string): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>' };
  return escaped.replace(/&(?:#(\d+)|(\w+));/g, (_, code, name) =>
    code ? String.fromCharCode(Number(code)) : named[name]!,
  );
}

function runsOf(text: string): readonly number[] {
  return [...text.matchAll(/`+/g)].map(([run]) => run.length);
}

/** Of a run whose every text is from outside; of what GitHub or the action itself makes, it is in its own form. */
function summaryWith(foreign: string): string {
  const outcome: Outcome = {
    kind: 'rolled-back',
    revision: 'agent:41',
    previousRevision: 'agent:40',
    failure: { code: 'DEPLOY_FAILED', message: foreign, hint: foreign },
    diagnosis: { cause: foreign, hint: foreign, facts: [foreign], logs: [{ source: foreign, lines: [foreign] }] },
    rollback: null,
    notes: [foreign],
  };
  const record: RunRecord = {
    ...emptyRecord(1_800_000_000_000),
    resource: foreign,
    smokeTests: [{ name: foreign, passed: false, attempts: 1, durationMs: 5, detail: foreign }],
    restoredTests: [{ name: foreign, passed: true, attempts: 1, durationMs: 5, detail: foreign }],
    phases: [{ name: foreign, startedAt: 0, durationMs: 5 }],
    ...{ image: foreign, url: foreign, previewUrl: foreign, consoleUrl: foreign, restoreCommand: foreign },
    logs: { url: foreign, command: foreign },
    warnings: [foreign, foreign],
    verified: [
      {
        ...{ kind: 'attestation', requirement: foreign, issuer: foreign, predicateType: foreign, found: foreign },
        image: foreign,
        signer: foreign,
        repository: foreign,
        ref: foreign,
        commit: foreign,
      },
    ],
    copies: [{ ...copy, source: foreign, destination: foreign, platforms: [foreign] }],
    differences: [foreign, `container ${foreign}: image a -> b`, `${foreign} added`],
    analyses: [{ share: foreign, startedAt: 0, passedRounds: 1, roundsWithoutData: 0, passed: true }],
    traffic: [{ at: 0, asked: 5, inForce: 5, why: foreign }],
  };
  const requested = { image: foreign, service: foreign, name: foreign };
  const run = { ...facts, commitMessage: foreign, actor: foreign, environment: foreign, step: foreign, requested };
  const planned = { ...outcome, kind: 'planned', failure: null } as const;
  const forecast = {
    ...{ unchanged: false, differences: [foreign], warnings: [foreign], copies: [], restores: foreign },
    ...{ inTheWay: foreign, steps: [foreign], smokeTests: [foreign] },
    size: { before: foreign, now: null },
  };
  return [
    renderSummary({ outcome, record, run }),
    renderSummary({ outcome: { ...outcome, kind: 'deployed', failure: null }, record, run }),
    renderSummary({ outcome: planned, record: { ...record, forecast }, run }),
  ].join('\n');
}

const facts = { ...noRunFacts, commit: 'a'.repeat(40), repositoryUrl: 'https://github.com/acme/agent' };
const copy = {
  ...{ copiedBlobs: 1, copiedBytes: 1, mountedBlobs: 0, mountedBytes: 0, skippedBlobs: 0, skippedBytes: 0 },
  ...{ referrers: null, durationMs: 1 },
};

function withoutCode(line: string): string {
  return line.replace(/(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)/g, '');
}

/** Outside of code blocks: the headings' levels, the bold words, and each table row's number of cells. */
function shapeOf(summary: string): readonly string[] {
  const shape: string[] = [];
  let fence: string | null = null;
  for (const line of summary.split(/\r\n|\n|\r/)) {
    const mark = /^`{3,}/.exec(line)?.[0];
    if (fence !== null) {
      if (mark !== undefined && mark.length >= fence.length && line.trim() === mark) fence = null;
    } else if (mark !== undefined) fence = mark;
    else if (line.startsWith('|')) shape.push(`row of ${line.replace(/\\\|/g, '').split('|').length}`);
    else if (/^#+ /.test(line)) shape.push(/^#+/.exec(line)![0]);
    else if (/<[a-z!/]/i.test(withoutCode(line))) shape.push('a tag');
  }
  return shape;
}
