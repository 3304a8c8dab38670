import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, test } from '@jest/globals';
import { DeployError, describeError, ERROR_CODES, type ErrorCode } from '../../../src/model/errors.ts';
import { troubleshootingUrl } from '../../../src/model/troubleshooting-url.ts';
import { anchorsOf } from '../../links/anchors.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

describe('the error codes in docs/troubleshooting.md', () => {
  const page = read('docs/troubleshooting.md');
  const rows = [...page.matchAll(/^### `([A-Z_]+)`\n\nCause: (.+)\n\nFix: (.+)$/gm)];

  it('have one entry each, in their order', () => {
    expect(rows.map(([, code]) => code)).toEqual([...ERROR_CODES]);
  });

  test.each(rows.map(([, code, cause, fix]) => [code, cause, fix]))('%s has a cause and a fix', (_, cause, fix) => {
    expect(cause!.length).toBeGreaterThan(15);
    expect(fix!.length).toBeGreaterThan(10);
  });
});

test('the address that an error prints is the anchor that GitHub gives to its entry', () => {
  const anchors = anchorsOf(read('docs/troubleshooting.md'));
  for (const code of ERROR_CODES) {
    const [page, anchor] = troubleshootingUrl(code).split('#');
    expect(page).toBe('https://github.com/org/deploy-agent/blob/main/docs/troubleshooting.md');
    expect(anchors).toContain(anchor);
  }
});

describe('every error that the code makes', () => {
  const made = sourceFiles().flatMap(constructionsIn);

  it('is found', () => expect(made.length).toBeGreaterThan(50));

  it('has a next step', () => {
    // `adviceFor` always gives one.
    expect(made.filter(({ text }) => !/\bhint\b|\.\.\.adviceFor\(/.test(text))).toEqual([]);
  });

  it('says what was tried, where its text is written out', () => {
    const texts = made.filter(({ text }) => /^new DeployError\(\s*[^,]+,\s*['"`]/.test(text));
    const others = texts.filter(({ text }) => !/,\s*['"`]could not (?:[a-z]+|\$\{[\w.]*what\})[ :]/.test(text));
    expect(others.filter(({ file }) => !EXCEPTIONS.has(file))).toEqual([]);
  });

  it('has a code of the list', () => {
    const codes = made.flatMap(({ text }) =>
      [...text.matchAll(/^new DeployError\(\s*'([A-Z_]+)'/g)].map(([, code]) => code),
    );
    expect(codes.filter((code) => !ERROR_CODES.includes(code as ErrorCode))).toEqual([]);
  });
});

describe('an error', () => {
  it('without a hint of its own has that of its cause', () => {
    const cause = new DeployError('NETWORK', 'could not reach it', { hint: 'Check the proxy.' });
    expect(new DeployError('BUSY', 'could not start', { cause }).hint).toBe('Check the proxy.');
    expect(new DeployError('BUSY', 'could not start', { cause: new Error('x') }).hint).toBeNull();
  });

  it('of somebody else is described by its first line', () => {
    expect(describeError(new Error('first\nsecond'))).toMatchObject({
      code: 'UNEXPECTED',
      message: 'unexpected error: first',
    });
  });
});

/** A cancel is nothing that was tried; these two texts stand behind the name of their input. */
const EXCEPTIONS = new Set([
  'src/io/signals.ts',
  'src/engine/finish.ts',
  'src/model/image.ts',
  'src/engine/smoke-tests/follow.ts',
]);

function sourceFiles(): string[] {
  return readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join('src', file));
}

function constructionsIn(file: string): { readonly file: string; readonly text: string }[] {
  const source = read(file);
  return [...source.matchAll(/new DeployError\(/g)].map(({ index }) => ({ file, text: callAt(source, index) }));
}

/** From `start` to the bracket that closes the first one; none of our texts has a bracket that is not closed. */
function callAt(source: string, start: number): string {
  let depth = 0;
  for (let end = source.indexOf('(', start); end < source.length; end++) {
    if (source[end] === '(') depth++;
    if (source[end] === ')' && --depth === 0) return source.slice(start, end + 1);
  }
  throw new Error('a bracket is not closed');
}
