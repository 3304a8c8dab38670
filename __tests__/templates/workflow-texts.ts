import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isMap, isSeq, parse, parseDocument } from 'yaml';
import type { WorkflowText } from './checks/finding.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** A fenced block of YAML in a document. */
export interface DocumentBlock {
  /** `README.md:31`: the line of its fence. */
  readonly name: string;
  readonly text: string;
}

export type BlockKind = 'workflow' | 'steps' | 'smoke-tests' | 'inputs' | 'kubernetes' | 'changes';

export function readTemplates(): readonly WorkflowText[] {
  return readWorkflows('workflow-templates', 'template');
}

/** What our own repository runs, and what others call. */
export function readOwnWorkflows(): readonly WorkflowText[] {
  return readWorkflows('.github/workflows', 'workflow');
}

export function readBlocks(): readonly DocumentBlock[] {
  const documents = ['README.md', 'CONTRIBUTING.md', ...filesIn('docs').map((name) => `docs/${name}`)];
  return documents.filter((name) => name.endsWith('.md')).flatMap((name) => blocksOf(name, read(name)));
}

export function blocksOf(name: string, text: string): readonly DocumentBlock[] {
  const lines = text.split('\n');
  return lines.flatMap((line, start) => {
    const [, indent] = /^(\s*)```ya?ml$/.exec(line) ?? [];
    if (indent === undefined) return [];
    const end = lines.findIndex((other, index) => index > start && other.trim() === '```');
    const body = lines.slice(start + 1, end).map((each) => each.slice(indent.length));
    return [{ name: `${name}:${start + 1}`, text: `${body.join('\n')}\n` }];
  });
}

/** null: none that a reader could use. */
export function kindOf({ text }: DocumentBlock): BlockKind | null {
  const document = parseDocument(text);
  if (document.errors.length > 0) return null;
  if (isMap(document.contents)) {
    if (document.contents.has('apiVersion')) return 'kubernetes';
    // Of a template: recipes.test.ts makes them.
    if (/^# Changes in [\w-]+\.yml\b/.test(text)) return 'changes';
    return document.contents.has('jobs') ? 'workflow' : 'inputs';
  }
  if (!isSeq(document.contents)) return null;
  return document.contents.items.some((item) => isMap(item) && item.has('uses')) ? 'steps' : 'smoke-tests';
}

/** An example as the whole file that its reader would make of it. */
export function completeExample(block: DocumentBlock): WorkflowText {
  const hasTrigger = /^on:/m.test(block.text);
  const text = kindOf(block) === 'steps' ? wrapSteps(block.text) : hasTrigger ? block.text : `on: push\n${block.text}`;
  return { name: block.name, text, kind: 'example' };
}

function wrapSteps(text: string): string {
  const { environment, concurrency } = deploymentOf(text);
  const indented = text.replace(/^(?=.)/gm, '      ');
  const head = [
    'on: push',
    'permissions: {}',
    'jobs:',
    '  example:',
    '    runs-on: ubuntu-latest',
    '    permissions: {}',
  ];
  return `${[...head, ...environment, ...concurrency, '    steps:'].join('\n')}\n${indented}`;
}

/** Steps alone can't say in which environment they deploy. */
function deploymentOf(text: string): {
  readonly environment: readonly string[];
  readonly concurrency: readonly string[];
} {
  const steps = parse(text) as readonly { readonly uses?: string; readonly id?: string }[];
  if (!steps.some(({ uses }) => uses?.startsWith('org/deploy-agent@'))) return { environment: [], concurrency: [] };
  return {
    environment: ['    environment: { name: production, url: "https://example.com" }'],
    concurrency: ['    concurrency: { group: production, cancel-in-progress: false }'],
  };
}

function readWorkflows(folder: string, kind: WorkflowText['kind']): readonly WorkflowText[] {
  return filesIn(folder)
    .filter((name) => name.endsWith('.yml'))
    .map((name) => ({ name: `${folder}/${name}`, text: read(`${folder}/${name}`), kind }));
}

export function filesIn(folder: string): readonly string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).sort();
}

export function read(name: string): string {
  return readFileSync(path.join(root, name), 'utf8');
}
