import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { glossary } from './words/glossary.ts';
import { printedStrings } from './words/printed-strings.ts';
import { quotedSentences } from './words/quoted-sentences.ts';

const root = path.resolve(import.meta.dirname, '..');

/** The page that lists the words. */
const ABOUT_THE_WORDS = 'docs/words.md';

interface Finding {
  readonly file: string;
  readonly text: string;
  readonly instead: string;
}

describe('what people read', () => {
  const files = readableFiles();
  const findings = files.flatMap(findingsIn);

  test('is found in each kind of source', () => {
    for (const kind of ['src/report/', 'demo/', 'docs/', 'README.md', 'action.yml', 'workflow-templates/', '.github/'])
      expect(files.filter((file) => file.startsWith(kind))).not.toEqual([]);
  });

  test('contains none of the words that docs/words.md replaces', () => {
    expect(findings).toEqual([]);
  });
});

describe('a finding', () => {
  test.each(glossary.map(({ example, instead, pattern }) => [example, instead, pattern] as const))(
    'is "%s", where one writes "%s"',
    (example, instead, pattern) => {
      expect(instead).not.toMatch(pattern);
      expect(wordsIn('planted', example)).toContainEqual({ file: 'planted', text: expect.any(String), instead });
    },
  );

  test.each([
    ['a string', 'planted.ts', "const text = 'time for the way back';"],
    ['a template', 'planted.ts', `const text = \`the traffic is \${weight} % now\`;`],
    ['a document, across a line break', 'planted.md', 'It puts\nthe old image back.'],
    ['a comment that people copy', 'planted.yml', '# Lets GitHub be a role, which is what\n# ran before.'],
    ['capital letters', 'planted.md', '| Test | Seen |'],
  ])('is found in %s', (_, file, text) => {
    expect(wordsIn(file, text)).toHaveLength(1);
  });

  test.each([
    ['a comment of the code', 'planted.ts', '// the way back\nconst text = "rollback"; /* nobody */'],
    ['the name of a module', 'planted.ts', "import { a } from './the way back.ts'; export * from './nobody.ts';"],
    ['a type', 'planted.ts', "type Kind = 'nobody' | 'somebody';"],
    ['plain English', 'planted.md', 'The label remains. 3 requests sent. It is the last line of the live log.'],
  ])('is not %s', (_, file, text) => {
    expect(wordsIn(file, text)).toEqual([]);
  });
});

describe('sentences that quote a sentence', () => {
  const NOT_YET_JOINED: readonly string[] = [];

  test('are joined by joinSentences, so that none ends in two full stops', () => {
    const found = readableFiles()
      .filter((file) => file.startsWith('src/') && !NOT_YET_JOINED.some((room) => file.startsWith(room)))
      .flatMap((file) => quotedSentences(read(file)).map((text) => ({ file, text })));
    expect(found).toEqual([]);
  });

  test('are found', () => {
    expect(
      quotedSentences('log(`$' + '{error.message}. Then $' + '{this.hint}.`, `$' + '{message}: $' + '{cause}; x`)'),
    ).toHaveLength(2);
  });
});

function readableFiles(): readonly string[] {
  const folders = ['src', 'demo', 'docs', 'workflow-templates', '.github/workflows'];
  const inFolders = folders.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => path.join(folder, file)),
  );
  const pages = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'action.yml'];
  return [...pages, ...inFolders.filter(isRead)].filter((file) => file !== ABOUT_THE_WORDS);
}

/** The READMEs in src/ are for who works there. */
function isRead(file: string): boolean {
  return /\.(?:ts|yml|json)$/.test(file) || (file.endsWith('.md') && !file.startsWith('src'));
}

function findingsIn(file: string): readonly Finding[] {
  return wordsIn(file, read(file));
}

function wordsIn(file: string, text: string): readonly Finding[] {
  const passages = file.endsWith('.ts') ? printedStrings(text) : [text];
  return passages.map(joinLines).flatMap((passage) =>
    glossary.flatMap(({ pattern, instead }) =>
      [...passage.matchAll(new RegExp(pattern, 'gi'))].map(({ index, 0: { length } }) => ({
        file,
        text: passage.slice(Math.max(0, index - 40), index + length + 20),
        instead,
      })),
    ),
  );
}

/** A phrase that a line break cuts, in a comment of YAML too, is one. */
function joinLines(text: string): string {
  return text.replace(/\s*\n[ \t]*(?:# ?)?/g, ' ');
}

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}
