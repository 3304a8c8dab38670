import { type JsonObject, objectAt, objectsAt, textAt } from '../json.ts';
import { forbidden } from './api/api-error.ts';
import { nameOf, namespaceOf, withStatus } from './object.ts';
import { PODS, QUOTAS } from './resources.ts';
import type { ClusterWorld } from './world.ts';

/** @throws ApiError 403 where a quota of the namespace has no room for this pod. */
export function refuseBeyondQuota(world: ClusterWorld, pod: JsonObject): void {
  const namespace = namespaceOf(pod);
  const wanted = useOf([pod]);
  const used = useOf(countedPods(world, namespace));
  for (const quota of world.store.list(QUOTAS, namespace)) {
    const hard = objectAt(quota, 'spec', 'hard') as Readonly<Record<string, string>>;
    const names = Object.keys(hard).filter(
      (name) => (used[name] ?? 0) + (wanted[name] ?? 0) > toAmount(hard[name]!) && wanted[name],
    );
    if (names.length === 0) continue;
    const list = (amounts: (name: string) => string): string =>
      names.map((name) => `${name}=${amounts(name)}`).join(',');
    const why = `exceeded quota: ${nameOf(quota)}, requested: ${list((name) => format(name, wanted[name]))}, used: ${list((name) => format(name, used[name]))}, limited: ${list((name) => hard[name]!)}`;
    throw forbidden(PODS, nameOf(pod), why);
  }
}

/** The quota with what is used now. */
export function withUse(world: ClusterWorld, quota: JsonObject): JsonObject {
  const hard = objectAt(quota, 'spec', 'hard');
  const used = useOf(countedPods(world, namespaceOf(quota)));
  return withStatus(quota, {
    hard,
    used: Object.fromEntries(Object.keys(hard).map((name) => [name, format(name, used[name])])),
  });
}

function countedPods(world: ClusterWorld, namespace: string): readonly JsonObject[] {
  return world.store
    .list(PODS, namespace)
    .filter((pod) => !['Failed', 'Succeeded'].includes(textAt(pod, 'status', 'phase')));
}

function useOf(pods: readonly JsonObject[]): Readonly<Record<string, number>> {
  const totals: Record<string, number> = { pods: pods.length, 'count/pods': pods.length };
  for (const part of ['requests', 'limits']) {
    for (const resource of ['cpu', 'memory']) {
      const amounts = pods.flatMap((pod) =>
        objectsAt(pod, 'spec', 'containers').map((container) =>
          toAmount(textAt(container, 'resources', part, resource)),
        ),
      );
      const sum = amounts.reduce((total, amount) => total + amount, 0);
      totals[`${part}.${resource}`] = sum;
      if (part === 'requests') totals[resource] = sum;
    }
  }
  return totals;
}

const UNITS: Readonly<Record<string, number>> = {
  ...{ '': 1, m: 0.001, k: 1e3, M: 1e6, G: 1e9, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 },
};

/** `500m`, `2Gi`, `4` */
export function toAmount(text: string | number): number {
  const [, number = '0', unit = ''] = /^([\d.]+)([a-zA-Z]*)$/.exec(String(text)) ?? [];
  return Number(number) * (UNITS[unit] ?? 1);
}

function format(name: string, amount = 0): string {
  if (name.endsWith('cpu')) return Number.isInteger(amount) ? String(amount) : `${Math.round(amount * 1_000)}m`;
  if (name.endsWith('memory'))
    return amount % 1024 ** 2 === 0 && amount > 0 ? `${amount / 1024 ** 2}Mi` : String(amount);
  return String(amount);
}
