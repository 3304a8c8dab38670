import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import type { Act } from '../../simulators/kubernetes/access.ts';
import { parseApiPath } from '../../simulators/kubernetes/api/api-path.ts';
import { actOf } from '../../simulators/kubernetes/api/name-call.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import type { Rule } from '../../simulators/kubernetes-stage.ts';

const guide = path.resolve(import.meta.dirname, '../../docs/kubernetes.md');

/** The rules of every Role in the guide, by its name. */
export function readRoles(): ReadonlyMap<string, readonly Rule[]> {
  const blocks = [...readFileSync(guide, 'utf8').matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text]) => text!);
  const documents = blocks.flatMap((text) => text.split(/^---$/m)).map((text) => parse(text) as RoleDocument | null);
  const found = documents.filter((document) => document?.kind === 'Role') as RoleDocument[];
  return new Map(found.map(({ metadata, rules }) => [metadata.name, rules]));
}

interface RoleDocument {
  readonly kind?: string;
  readonly metadata: { readonly name: string };
  readonly rules: readonly Rule[];
}

/** Each verb on each resource, and on each name: `deploy: patch deployments.apps (web)`. */
export function permissionsOf(role: string, rules: readonly Rule[]): readonly string[] {
  return rules.flatMap(({ apiGroups, resources, resourceNames = [''], verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) =>
        resourceNames.flatMap((name) => verbs.map((verb) => describe(role, { group, resource, name, verb }))),
      ),
    ),
  );
}

export interface AccessWatch {
  /** What the deployer tried and may not. */
  readonly denied: readonly string[];
  /** Which of the permissions it used, as `permissionsOf` writes them. Asking whether it may is no use. */
  readonly used: ReadonlySet<string>;
}

/** Of the action's requests from now on. The roles: what the deployer has. `spared`: what it may try without having it. */
export function watchAccess(
  { world }: KubernetesAgent,
  granted: readonly string[],
  spared: readonly string[] = [],
): AccessWatch {
  const denied: string[] = [];
  const used = new Set<string>();
  world.edge.onExchange(({ operation, request, answer }) => {
    const path = /^(?:kubernetes|workload):/.test(operation) ? parseApiPath(request.url.pathname) : null;
    if (!path) return;
    const act = actOf(request, path);
    const title = describe('', act);
    if (answer.status === 403 && !spared.includes(title)) denied.push(title);
    for (const role of granted) for (const name of ['', act.name]) used.add(describe(role, { ...act, name }));
  });
  return { denied, used };
}

function describe(role: string, { group, resource, name, verb }: Omit<Act, 'namespace'>): string {
  const what = group === '' ? resource : `${resource}.${group}`;
  return `${role}: ${verb} ${what}${name === '' ? '' : ` (${name})`}`;
}
