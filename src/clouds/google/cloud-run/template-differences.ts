import { containerName } from '../../../model/container-edits.ts';
import { isJsonObject, type JsonObject, listAt, objectAt, textAt } from '../../../model/json.ts';
import { imageDifferences, memberDifferences, variableDifferences } from '../../list-differences.ts';

/** What a template says of who made it, and its name: nothing that the program or its platform does otherwise. */
const NO_CONFIGURATION = new Set(['revision', 'labels', 'client', 'clientVersion']);

/** gcloud writes the image that the user named, and itself, into annotations. */
const OF_CLIENTS = /^(?:client\.knative\.dev|run\.googleapis\.com)\//;

/** One line for each difference. Images are shown; of everything else only the name. */
export function listDifferences(before: JsonObject, after: JsonObject): readonly string[] {
  return compare(before, after, imageDifferences);
}

/** As `listDifferences`, without the images. */
export function listConfigurationDifferences(before: JsonObject, after: JsonObject): readonly string[] {
  return compare(before, after, () => []);
}

type Compare = (before: JsonObject, after: JsonObject) => readonly string[];

function compare(before: JsonObject, after: JsonObject, compareImages: Compare): readonly string[] {
  const old = pairContainers(listAt(before, 'containers'), listAt(after, 'containers'));
  const lines = listAt(after, 'containers').flatMap((container, index) => {
    const [name, previous] = [containerName(container, index), old.pairs[index]];
    if (!previous) return [`container ${name} added`];
    const found = [...compareImages(previous, container), ...containerDifferences(previous, container)];
    return found.map((line) => `container ${name}: ${line}`);
  });
  const removed = old.removed.map(({ container, index }) => `container ${containerName(container, index)} removed`);
  const [one, other] = [withoutClients(before), withoutClients(after)];
  const except = new Set([...NO_CONFIGURATION, 'containers']);
  return [...lines, ...removed, ...memberDifferences(one, other, { except, normalize })];
}

/** By name, or by place where one has none. */
function pairContainers(before: readonly JsonObject[], after: readonly JsonObject[]) {
  const hasNames = [...before, ...after].every((container) => textAt(container, 'name') !== '');
  const find = (container: JsonObject, index: number): JsonObject | undefined =>
    hasNames ? before.find((one) => textAt(one, 'name') === textAt(container, 'name')) : before[index];
  const pairs = after.map(find);
  const removed = before.map((container, index) => ({ container, index }));
  return { pairs, removed: removed.filter(({ container }) => !pairs.includes(container)) };
}

const OWN_LINES = new Set(['name', 'image', 'env']);

function containerDifferences(before: JsonObject, after: JsonObject): readonly string[] {
  const variables = variableDifferences(listAt(before, 'env'), listAt(after, 'env'), kindOf);
  return [...variables, ...memberDifferences(before, after, { except: OWN_LINES, normalize })];
}

function kindOf(entry: JsonObject): string {
  return 'valueSource' in entry ? 'secret' : 'environment variable';
}

/** Google leaves out what is empty. */
function normalize(value: unknown): unknown {
  const isList = Array.isArray(value) || isJsonObject(value);
  return isList && Object.keys(value).length === 0 ? undefined : value;
}

function withoutClients(template: JsonObject): JsonObject {
  const annotations = Object.entries(objectAt(template, 'annotations')).filter(([name]) => !OF_CLIENTS.test(name));
  return { ...template, annotations: Object.fromEntries(annotations) };
}
