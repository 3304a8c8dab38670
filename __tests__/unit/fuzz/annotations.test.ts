import { describe, expect, jest, test } from '@jest/globals';
import { type Log, openLog } from '../../../src/io/log.ts';
import { emptyRecord, endAs } from '../../../src/model/outcome.ts';
import { visible } from '../../../src/model/visible.ts';
import { evidenceOf } from '../../../src/report/evidence.ts';
import { historyOf } from '../../../src/report/history.ts';
import { noRunFacts } from '../../../src/report/run-facts.ts';
import { fc } from '../../fixtures/fast-check.ts';
import { anyText } from './attacks.ts';

const text = anyText(
  '::',
  '##[',
  '%0A',
  '%25',
  '%2C',
  ',',
  ':',
  '=',
  ',line=1',
  '::error::',
  '\n',
  '\r',
  '\u2028',
  '\u202e',
  ' ',
);

interface Command {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

/** As the runner reads a line (actions/runner ActionCommandManager.cs: TryParseV2, else TryParse); null: it is text. */
function parseCommand(line: string): Command | null {
  const trimmed = line.replace(/^(?:[\t\n\v\f\r\u0085]|\p{Z})+/u, '');
  const end = trimmed.indexOf('::', 2);
  if (!trimmed.startsWith('::') || end < 0)
    return line.includes('##[') ? { name: '##[', properties: {}, message: line } : null;
  const [name = '', ...rest] = trimmed.slice(2, end).split(' ');
  const pairs = rest
    .join(' ')
    .split(',')
    .filter((pair) => pair.includes('='))
    .map((pair) => [pair.slice(0, pair.indexOf('=')).trim(), unescaped(pair.slice(pair.indexOf('=') + 1))] as const);
  return { name, properties: Object.fromEntries(pairs), message: unescaped(trimmed.slice(end + 2)) };
}

function unescaped(escaped: string): string {
  const signs: Readonly<Record<string, string>> = { '%0D': '\r', '%0A': '\n', '%3A': ':', '%2C': ',', '%25': '%' };
  return escaped.replace(/%(?:0D|0A|3A|2C|25)/g, (code) => signs[code]!);
}

/** The commands in what is printed, but for masks, groups and debugging. */
function commandsOf(say: (log: Log) => void): readonly Command[] {
  let printed = '';
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((part) => {
    printed += String(part);
    return true;
  });
  try {
    say(openLog());
  } finally {
    write.mockRestore();
  }
  return printed.split(/\r\n|\n|\r/).flatMap((line) => parseCommand(line) ?? []);
}

/** Without the blanks that keep a text from being a command, and without those that it had in such places itself. */
function closed(text: string): string {
  return text.replace(/(?<=[:#]) (?=[:#])/g, '');
}

describe('an annotation of any text', () => {
  test('is one command, with the title and the place that it was given, and the text as it looks', () => {
    fc.assert(
      fc.property(text, text, text, (message, title, file) => {
        const commands = commandsOf((log) => log.error(message, title, { file: `x${file}`, line: 7 }));
        expect(commands).toHaveLength(1);
        const [{ name, properties, message: said }] = commands as [Command];
        expect(name).toBe('error');
        expect(Object.keys(properties).filter((key) => !['title', 'file', 'line'].includes(key))).toEqual([]);
        expect(properties).toMatchObject({ file: visible(`x${file}`), line: '7' });
        expect(closed(said)).toBe(closed(visible(message)));
      }),
      { numRuns: 300 },
    );
  });

  test('is one of at most ten of its kind, and no line of the log becomes one', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 11, maxLength: 14 }), (texts) => {
        const commands = commandsOf((log) => {
          for (const each of texts) log.warning(each);
          log.close();
        });
        expect(commands.map(({ name }) => name)).toEqual(Array(10).fill('warning'));
      }),
      { numRuns: 50 },
    );
  });
});

describe('the report of any text', () => {
  test('is JSON that reads back as it was; its history is one line', () => {
    fc.assert(
      fc.property(text, (given) => {
        const outcome = endAs('rolled-back', {
          failure: { code: 'DEPLOY_FAILED', message: given, hint: given },
          notes: [given],
        });
        const record = { ...emptyRecord(0), resource: given, warnings: [given] };
        const evidence = { outcome, record, run: { ...noRunFacts, actor: given, environment: given } };
        expect(JSON.parse(JSON.stringify(evidenceOf(evidence)))).toEqual(evidenceOf(evidence));
        const line = JSON.stringify(historyOf(evidence));
        expect(line).not.toMatch(/[\r\n]/);
        expect(JSON.parse(line)).toMatchObject({ service: given, environment: given });
      }),
      { numRuns: 200 },
    );
  });
});
