import type { JsonObject } from '../../json.ts';
import { RESOURCES, type ResourceKind } from '../resources.ts';

export const VERSION = {
  ...{ major: '1', minor: '37', emulationMajor: '1', emulationMinor: '37', gitVersion: 'v1.37.2', gitCommit: '' },
  ...{ gitTreeState: 'clean', buildDate: '2026-10-14T00:00:00Z', goVersion: 'go1.26.8', compiler: 'gc' },
  platform: 'linux/amd64',
};

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** What the API server says of itself. null: nothing of that. */
export function discover(pathname: string): JsonObject | null {
  if (pathname === '/version') return VERSION;
  if (pathname === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  if (pathname === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups().map(toGroup) };
  const [, core, group = '', version = ''] = /^\/(?:api\/(v1)|apis\/([^/]+)\/([^/]+))\/?$/.exec(pathname) ?? [];
  if (core) return toList('', 'v1');
  if (version !== '') return toList(group, version);
  const [, alone] = /^\/apis\/([^/]+)\/?$/.exec(pathname) ?? [];
  const found = groups().find(([name]) => name === alone);
  return found ? { kind: 'APIGroup', apiVersion: 'v1', ...toGroup(found) } : null;
}

function groups(): readonly (readonly [string, readonly string[]])[] {
  const named = RESOURCES.filter(({ group }) => group !== '');
  const all = Map.groupBy(named, ({ group }) => group);
  const own = [...all].map(([group, kinds]) => [group, [...new Set(kinds.map(({ version }) => version))]] as const);
  return [...own, ['authorization.k8s.io', ['v1']]];
}

function toGroup([name, versions]: readonly [string, readonly string[]]): JsonObject {
  const all = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: all, preferredVersion: all[0] };
}

function toList(group: string, version: string): JsonObject | null {
  const kinds = RESOURCES.filter((kind) => kind.group === group && kind.version === version);
  const isReviews = group === 'authorization.k8s.io' && version === 'v1';
  if (kinds.length === 0 && !isReviews) return null;
  const resources = isReviews ? reviews() : kinds.flatMap(toResources);
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources,
  };
}

function toResources({ plural, kind, namespaced, shortNames, subresources }: ResourceKind): readonly JsonObject[] {
  const singularName = kind.toLowerCase();
  const main = {
    name: plural,
    singularName,
    namespaced,
    kind,
    verbs: VERBS,
    ...(shortNames.length > 0 ? { shortNames } : {}),
  };
  const isScale = (name: string): JsonObject => (name === 'scale' ? { group: 'autoscaling', version: 'v1' } : {});
  const below = subresources.map((name) => ({
    ...{ name: `${plural}/${name}`, singularName: '', namespaced },
    ...{ ...isScale(name), kind: name === 'scale' ? 'Scale' : kind, verbs: ['get', 'patch', 'update'] },
  }));
  return [main, ...below];
}

function reviews(): readonly JsonObject[] {
  return ['SelfSubjectAccessReview', 'SelfSubjectRulesReview'].map((kind) => ({
    ...{ name: `${kind.toLowerCase()}s`, singularName: kind.toLowerCase(), namespaced: false, kind, verbs: ['create'] },
  }));
}
