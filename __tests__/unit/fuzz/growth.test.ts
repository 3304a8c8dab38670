import { describe, expect, test } from '@jest/globals';
import { toDeployError as explainAws } from '../../../src/clouds/aws/errors.ts';
import { toDeployError as explainAzure } from '../../../src/clouds/azure/errors.ts';
import { toDeployError as explainGoogle } from '../../../src/clouds/google/errors.ts';
import { excerpt } from '../../../src/engine/smoke-tests/excerpt.ts';
import { findJsonMismatch } from '../../../src/engine/smoke-tests/json-mismatch.ts';
import { openOutputLines } from '../../../src/engine/smoke-tests/output-lines.ts';
import { sentValues } from '../../../src/engine/smoke-tests/sent-values.ts';
import { readStepInputs } from '../../../src/inputs/step-inputs.ts';
import { parseInputs } from '../../../src/inputs.ts';
import { isForbiddenHost } from '../../../src/io/address-guard.ts';
import { harmless } from '../../../src/io/log.ts';
import { parseDuration } from '../../../src/model/duration.ts';
import { parseImageName } from '../../../src/model/image.ts';
import { emptyRecord, endAs } from '../../../src/model/outcome.ts';
import { redact } from '../../../src/model/redact.ts';
import { joinSentences } from '../../../src/model/sentences.ts';
import { describeBody } from '../../../src/model/wrong-answer.ts';
import { parseStringMap, parseYaml } from '../../../src/model/yaml.ts';
import { parseChallenges } from '../../../src/registry/challenge.ts';
import { findNextPage } from '../../../src/registry/next-page.ts';
import { autolink, codeBlock, codeSpan, escapeMarkdown } from '../../../src/report/escape.ts';
import { noRunFacts } from '../../../src/report/run-facts.ts';
import { renderSummary } from '../../../src/report/summary.ts';
import { parseTrafficSteps } from '../../../src/strategies/traffic-steps.ts';
import { memoryFiles } from '../../fixtures/fake-io.ts';
import { fc } from '../../fixtures/fast-check.ts';
import { tried } from './attacks.ts';

/** Characters. What takes quadratic time needs seconds for so many, what takes linear time a few milliseconds. */
const LENGTH = 90_000;
/**
 * Of CPU time, so that other processes don't count. The YAML library needs 0.7 s for 90,000 quotes, one error for each, and three
 * times as long on a slow day of the machine: so what takes longer is compared with half of it.
 */
const LONGEST_MS = 2_500;
/** Twice as long takes twice the time, and four times where that is quadratic. */
const MOST_GROWTH = 3;

// Each stands alone, repeated, and beside each other: what a pattern starts with, and never ends.
const PIECES = [
  ...[
    ' ',
    '\n',
    '\r',
    '\t',
    '\u2028',
    '\u00a0',
    '\0',
    '.',
    '/',
    '`',
    '<',
    '::',
    ':',
    '##[',
    '-',
    ' -',
    '@',
    '://',
    '?',
  ],
  ...[
    'eyJ',
    'ya29.',
    'a',
    'A',
    '0',
    '=',
    ',',
    '"',
    '\\',
    '%',
    '%41',
    '{',
    '[',
    '*',
    '&',
    '|',
    "'",
    ';',
    '>;',
    '"a=',
    'www.',
  ],
  ...['Permission ', "perform action '", 'perform: ', 'a.b.', '- ', 'a: ', '&a ', '*a ', '\u{e0041}', '\u001b[31m'],
];

const url = new URL('https://ghcr.io/v2/acme/agent/tags/list');
const named = (message: string) => Object.assign(new Error(message), { name: 'AccessDenied', code: 403, status: 403 });
const call = { what: 'read service agent', action: 'a:B', permission: 'a.b.c', secrets: ['hunter2-hunter2'] };
const step = {
  INPUT_TARGET: 'ecs',
  INPUT_IMAGE: 'ghcr.io/acme/agent:v1',
  INPUT_SERVICE: 'agent',
  INPUT_REGION: 'eu-west-1',
};

/** Everything that takes a text of any length from outside: a container, a cloud, a registry, a service, an input. */
const functions: Readonly<Record<string, (text: string) => unknown>> = {
  harmless,
  escapeMarkdown,
  codeSpan,
  codeBlock: (text) => codeBlock(text.split(' ')),
  autolink,
  joinSentences: (text) => joinSentences(text, text),
  redact: (text) => redact(text, ['hunter2-hunter2', 'a b c d e f', '        ']),
  excerpt: (text) => excerpt(text, (whole) => redact(whole, ['hunter2-hunter2'])),
  describeBody,
  findJsonMismatch: (text) =>
    findJsonMismatch({ a: 1 }, { a: text }, { path: '$', hide: (whole) => redact(whole, ['hunter2-hunter2']) }),
  sentValues: (text) => sentValues({ 'x-token': text }, new URL('https://a.dev/'), { kind: 'text', text }),
  'output lines': (text) => {
    const stream = openOutputLines(() => {}).openStream();
    for (let at = 0; at < text.length; at += 100) stream.write(Buffer.from(text.slice(at, at + 100)));
    stream.end();
  },
  'the summary': (text) =>
    renderSummary({
      outcome: endAs('refused', { failure: { code: 'UNEXPECTED', message: text, hint: text }, notes: [text] }),
      record: {
        ...emptyRecord(0),
        resource: text,
        url: text,
        differences: [text, `image ${text}`, `${text}: image a -> ${text}`],
      },
      run: { ...noRunFacts, commit: 'a'.repeat(40), commitMessage: text, actor: text },
    }),
  'an error of AWS': (text) => explainAws(named(text), call),
  'an error of Google': (text) => explainGoogle(named(text), call),
  'an error of Azure': (text) => explainAzure(named(text), call),
  parseChallenges,
  findNextPage: (text) => findNextPage(text, url, url),
  parseImageName,
  parseDuration,
  parseTrafficSteps,
  isForbiddenHost: (text) => isForbiddenHost({ hostname: text } as URL),
  parseYaml: (text) => parseYaml(text, 'smoke-tests'),
  parseStringMap: (text) => parseStringMap(text, 'environment-variables'),
  'any input': (text) => {
    const inputs = readStepInputs({ INPUT_A: text });
    for (const read of [inputs.boolean, inputs.duration] as const) read('a', true as never);
    return inputs.lines('a');
  },
  ...Object.fromEntries(
    ['image', 'copy-to', 'url', 'traffic', 'steps', 'container', 'smoke-tests', 'tags', 'platforms', 'service'].map(
      (name) => [
        `the input ${name}`,
        (text: string) =>
          parseInputs({ env: { ...step, [`INPUT_${name.toUpperCase()}`]: text }, files: memoryFiles() }),
      ],
    ),
  ),
};

function repeated(unit: string): string {
  return unit.repeat(Math.ceil(LENGTH / unit.length)).slice(0, LENGTH);
}

async function cpuMs(run: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await tried(run);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** What is quadratic takes its time in each run; collecting garbage, or a slow moment of the machine, in one of them. */
async function leastCpuMs(run: () => unknown): Promise<number> {
  const times: number[] = [];
  while (times.length < 3) times.push(await cpuMs(run));
  return Math.min(...times);
}

describe('a long text takes time in proportion to its length', () => {
  test.each(Object.keys(functions))('%s', async (name) => {
    const run = functions[name]!;
    const unit = fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(...PIECES) },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.constantFrom(...PIECES), fc.constantFrom(...PIECES)).map((two) => two.join('')),
      },
    );
    const slow: string[] = [];
    const check = async (text: string, unitUsed: string): Promise<void> => {
      if ((await cpuMs(() => run(text))) <= LONGEST_MS) return;
      const took = await leastCpuMs(() => run(text));
      const half = await leastCpuMs(() => run(text.slice(0, text.length / 2) + text.slice(-1)));
      if (took > half * MOST_GROWTH) slow.push(`${JSON.stringify(unitUsed)}: ${Math.round(took)} ms`);
    };
    // Each alone, every time: then as chance has it, with something before and after it.
    for (const piece of PIECES)
      for (const head of ['', 'a']) if (slow.length === 0) await check(`${head}${repeated(piece)}x`, piece);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('', 'a', '"', '<a', 'Bearer a="'),
        unit,
        fc.constantFrom('', 'x', '\n'),
        async (head, used, tail) => {
          if (slow.length === 0) await check(`${head}${repeated(used)}${tail}`, used);
        },
      ),
      { numRuns: 6 },
    );
    expect(slow).toEqual([]);
  });
});

test('more runs of backticks than a call can have arguments are no problem', () => {
  const text = '`a'.repeat(400_000);
  expect(codeSpan(text)).toBe(`\`\` ${text} \`\``);
});
