import { isJsonObject, type JsonObject, listAt, objectAt, textAt } from '../../model/json.ts';
import { imageDifferences, memberDifferences, variableDifferences } from '../list-differences.ts';

/** One line for each difference of two pod templates. Images are shown; of everything else only the name. */
export function listDifferences(before: JsonObject, after: JsonObject): readonly string[] {
  return compare(before, after, imageDifferences);
}

/** As `listDifferences`, without the images. */
export function listConfigurationDifferences(before: JsonObject, after: JsonObject): readonly string[] {
  return compare(before, after, () => []);
}

type Compare = (before: JsonObject, after: JsonObject) => readonly string[];

const LISTS = ['initContainers', 'containers'] as const;

function compare(before: JsonObject, after: JsonObject, compareImages: Compare): readonly string[] {
  const containers = LISTS.flatMap((list) => compareContainers(list, { before, after, compareImages }));
  const spec = memberDifferences(objectAt(before, 'spec'), objectAt(after, 'spec'), { except: new Set(LISTS) });
  const metadata = (['labels', 'annotations'] as const).flatMap((kind) =>
    keyDifferences(kind, objectAt(before, 'metadata', kind), objectAt(after, 'metadata', kind)),
  );
  return [...containers, ...spec, ...metadata];
}

function compareContainers(
  list: (typeof LISTS)[number],
  {
    before,
    after,
    compareImages,
  }: { readonly before: JsonObject; readonly after: JsonObject; readonly compareImages: Compare },
): readonly string[] {
  const called = list === 'containers' ? 'container' : 'init container';
  const [old, now] = [before, after].map((template) => listAt(template, 'spec', list)) as [
    readonly JsonObject[],
    readonly JsonObject[],
  ];
  const find = (among: readonly JsonObject[], name: string) => among.find((one) => textAt(one, 'name') === name);
  const lines = now.flatMap((container) => {
    const name = textAt(container, 'name');
    const previous = find(old, name);
    if (!previous) return [`${called} ${name} added`];
    const found = [...compareImages(previous, container), ...containerDifferences(previous, container)];
    return found.map((line) => `${called} ${name}: ${line}`);
  });
  const removed = old.map((one) => textAt(one, 'name')).filter((name) => !find(now, name));
  return [...lines, ...removed.map((name) => `${called} ${name} removed`)];
}

const OWN_LINES = new Set(['name', 'image', 'env']);

function containerDifferences(before: JsonObject, after: JsonObject): readonly string[] {
  const variables = variableDifferences(listAt(before, 'env'), listAt(after, 'env'), kindOf);
  return [...variables, ...memberDifferences(before, after, { except: OWN_LINES })];
}

function kindOf(entry: JsonObject): string {
  return isJsonObject(entry['valueFrom']) ? 'reference' : 'environment variable';
}

function keyDifferences(kind: string, before: JsonObject, after: JsonObject): readonly string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.filter((key) => before[key] !== after[key]).map((key) => `pod ${kind.slice(0, -1)} ${key} changed`);
}
