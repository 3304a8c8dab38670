import { DeployError } from '../../model/errors.ts';
import { isJsonObject, type JsonObject, listAt, objectAt } from '../../model/json.ts';
import { rankNearest } from '../../model/nearest.ts';
import { parseYaml } from '../../model/yaml.ts';

/** Where a kubeconfig is written. */
export interface Origin {
  /** For people: `the input kubeconfig`, `/home/ci/.kube/config`. */
  readonly what: string;
  /** What relative paths in it are relative to. */
  readonly folder: string;
}

/** What a kubeconfig has under one name. */
export interface Entry extends Origin {
  readonly name: string;
  readonly fields: JsonObject;
}

/** https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/ */
export interface Kubeconfig {
  /** For people. */
  readonly what: string;
  /** '': none. */
  readonly currentContext: string;
  readonly contexts: ReadonlyMap<string, Entry>;
  readonly clusters: ReadonlyMap<string, Entry>;
  readonly users: ReadonlyMap<string, Entry>;
}

/** One cluster, and as whom. */
export interface ChosenContext {
  readonly name: string;
  readonly cluster: Entry;
  /** null: as no one. */
  readonly user: Entry | null;
  /** null: none. */
  readonly namespace: string | null;
  /** The cluster that the runner is a pod of. */
  readonly isPod?: boolean;
}

const HINT = 'Write it as `kubectl config view --raw --minify --flatten` prints it.';

/** @throws DeployError INPUT_INVALID, which quotes nothing of it */
export function parseKubeconfig(text: string, origin: Origin): Kubeconfig {
  const document = parseYaml(text, origin.what);
  const lists = ['contexts', 'clusters', 'users'];
  if (!isJsonObject(document) || !lists.some((name) => name in document)) {
    throw new DeployError('INPUT_INVALID', `could not read ${origin.what}: it is no kubeconfig`, { hint: HINT });
  }
  return {
    what: origin.what,
    currentContext: nameAt(document, 'current-context'),
    contexts: readEntries(document, { list: 'contexts', member: 'context' }, origin),
    clusters: readEntries(document, { list: 'clusters', member: 'cluster' }, origin),
    users: readEntries(document, { list: 'users', member: 'user' }, origin),
  };
}

function readEntries(
  document: JsonObject,
  { list, member }: { readonly list: string; readonly member: string },
  origin: Origin,
): ReadonlyMap<string, Entry> {
  const entries = listAt(document, list).map((item): Entry => {
    return { ...origin, name: nameAt(item, 'name'), fields: objectAt(item, member) };
  });
  return firstByName(entries);
}

/** Of what several files of KUBECONFIG have under one name, the first counts: as kubectl merges them. */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  const merge = (kind: 'contexts' | 'clusters' | 'users') =>
    firstByName(configs.flatMap((config) => [...config[kind].values()]));
  return {
    what: configs.map(({ what }) => what).join(', '),
    currentContext: configs.map(({ currentContext }) => currentContext).find((name) => name !== '') ?? '',
    contexts: merge('contexts'),
    clusters: merge('clusters'),
    users: merge('users'),
  };
}

function firstByName(entries: readonly Entry[]): ReadonlyMap<string, Entry> {
  const found = new Map<string, Entry>();
  for (const entry of entries) if (entry.name !== '' && !found.has(entry.name)) found.set(entry.name, entry);
  return found;
}

/** YAML takes some names for numbers. '': none. */
function nameAt(fields: JsonObject, member: string): string {
  const value = fields[member];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/**
 * @param wanted '': the current context, or the only one
 * @throws DeployError INPUT_INVALID that names the contexts there are
 */
export function chooseContext(config: Kubeconfig, wanted: string): ChosenContext {
  const names = [...config.contexts.keys()];
  const only = names.length === 1 ? names[0]! : '';
  const name = wanted || config.currentContext || only;
  const context = config.contexts.get(name);
  if (!context) throw noContext(config, name, names);
  const cluster = config.clusters.get(nameAt(context.fields, 'cluster'));
  if (!cluster) throw missing(config, name, 'cluster');
  const userName = nameAt(context.fields, 'user');
  const user = userName === '' ? null : config.users.get(userName);
  if (user === undefined) throw missing(config, name, 'user');
  return { name, cluster, user, namespace: nameAt(context.fields, 'namespace') || null };
}

const MOST_NAMES = 10;

function noContext({ what }: Kubeconfig, name: string, names: readonly string[]): DeployError {
  const why = name === '' ? 'it has no current context' : `it has no context "${name.slice(0, 100)}"`;
  if (names.length === 0) {
    return new DeployError('INPUT_INVALID', `could not choose a cluster of ${what}: it has no contexts`, {
      hint: HINT,
    });
  }
  const byDistance = new Set([...rankNearest(name, names), ...names]);
  const shown = [...byDistance].slice(0, MOST_NAMES).join(', ');
  const hint = `Set the input \`context\`. Available contexts: ${shown}${names.length > MOST_NAMES ? ', …' : ''}.`;
  return new DeployError('INPUT_INVALID', `could not choose a cluster of ${what}: ${why}`, { hint });
}

function missing({ what }: Kubeconfig, context: string, kind: 'cluster' | 'user'): DeployError {
  const why = `context ${context} names a ${kind} that is not in it`;
  return new DeployError('INPUT_INVALID', `could not use context ${context} of ${what}: ${why}`, { hint: HINT });
}
