import { type Document, isMap, parseDocument } from 'yaml';
import { blocksOf, kindOf, read } from './workflow-texts.ts';

/** Headings of docs/recipes.md with their blocks of YAML. */
export function readRecipes(): ReadonlyMap<string, readonly string[]> {
  const sections = read('docs/recipes.md').split(/^## /m).slice(1);
  return new Map(
    sections.map((text) => [text.split('\n')[0]!, blocksOf('docs/recipes.md', text).map((block) => block.text)]),
  );
}

/** A template with the keys of a recipe in place of its own; lists are replaced as a whole. */
export function change(template: string, changes: string): string {
  if (kindOf({ name: '', text: changes }) !== 'changes') throw new Error(`no changes of a template: ${changes}`);
  const document = parseDocument(template);
  merge(document, [], parseDocument(changes));
  return document.toString({ lineWidth: 0 });
}

/** The step `deploy` of the only job with these inputs in place of its own. */
export function changeInputs(template: string, inputs: string): string {
  const lines = Object.entries(parseDocument(inputs).toJS() as Record<string, string>);
  return lines.reduce((text, [name, value]) => {
    const line = new RegExp(`^( {10}${name}: ).*$`, 'm');
    if (!line.test(text)) throw new Error(`the template has no input ${name}`);
    return text.replace(line, (_, start: string) => start + value);
  }, template);
}

/** As a recipe says: the step for Python removed. */
export function withoutLanguage(template: string): string {
  const text = template.replace(/^ {6}- uses: actions\/setup-python@.*\n {8}with:\n {10}python-version: .*\n/m, '');
  if (text === template) throw new Error('the template has no step for Python');
  return text;
}

/** `deploy-only` for the cloud of this template, as its header says. */
export function ofAnotherCloud(deployOnly: string, template: string): string {
  const own = parseDocument(deployOnly);
  const other = parseDocument(template);
  const image = own.getIn(['jobs', 'deploy', 'steps', 3, 'with', 'image']);
  const steps = other.getIn(['jobs', 'staging', 'steps']) as { items: unknown[] };
  const last = steps.items.length - 1;
  other.setIn(['jobs', 'staging', 'steps', last, 'with', 'image'], image);
  other.deleteIn(['jobs', 'staging', 'steps', last, 'with', 'tags']);
  own.set('env', other.get('env'));
  own.setIn(['jobs', 'deploy', 'steps'], [own.getIn(['jobs', 'deploy', 'steps', 0]), ...steps.items]);
  return own.toString({ lineWidth: 0 });
}

function merge(document: Document, path: readonly string[], changes: Document): void {
  const node = path.length === 0 ? changes.contents : changes.getIn(path, true);
  if (isMap(node) && (path.length === 0 || isMap(document.getIn(path, true)))) {
    for (const { key } of node.items) merge(document, [...path, String(key)], changes);
  } else {
    document.setIn(path, node);
  }
}
