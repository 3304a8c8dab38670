import { isJsonObject, type JsonObject, listAt, objectAt, textAt } from '../../../model/json.ts';
import type { RouteKind } from './route-kind.ts';

/** The weights that a rule had, in order; null: none was written. Only rules that send to the Service are here. */
export interface SavedRule {
  readonly rule: number;
  readonly weights: readonly (number | null)[];
}

export interface RouteSplit {
  readonly kind: RouteKind;
  readonly namespace: string;
  /** Names of the Services. */
  readonly stable: string;
  readonly copy: string;
  readonly saved: readonly SavedRule[];
}

/** What a split of this route would have to restore; none: no rule sends to the Service. */
export function readSavedRules(route: JsonObject, split: Omit<RouteSplit, 'saved'>): readonly SavedRule[] {
  return rulesOf(route, split.kind).flatMap((rule, index) => {
    const backends = withoutCopy(backendsOf(rule, split.kind), split);
    if (!backends.some((backend) => isFor(backend, split.stable, split))) return [];
    return [{ rule: index, weights: backends.map(({ weight }) => (typeof weight === 'number' ? weight : null)) }];
  });
}

/**
 * All rules, with this share of what the Service gets for that of the copy; 0: exactly as it was. null: another user has
 * changed the backends meanwhile.
 */
export function withShare(route: JsonObject, split: RouteSplit, percent: number): readonly JsonObject[] | null {
  const rules = rulesOf(route, split.kind);
  const shared = rules.map((rule, index) => {
    const saved = split.saved.find((one) => one.rule === index);
    return saved ? shareRule(rule, saved, { split, percent }) : rule;
  });
  const isWhole = split.saved.every(({ rule }) => rule < rules.length);
  return isWhole && shared.every((rule) => rule !== null) ? (shared as readonly JsonObject[]) : null;
}

interface Sharing {
  readonly split: RouteSplit;
  readonly percent: number;
}

function shareRule(rule: JsonObject, { weights }: SavedRule, { split, percent }: Sharing): JsonObject | null {
  const { list } = split.kind;
  const backends = withoutCopy(backendsOf(rule, split.kind), split);
  if (backends.length !== weights.length) return null;
  // Both APIs take weights as proportions, of whole numbers. Older versions of Istio want a sum of 100: kept where possible.
  const factor = weights.every((weight) => ((weight ?? 1) * percent) % 100 === 0) ? 1 : 100;
  const shared = backends.flatMap((backend, index) => {
    const weight = weights[index]!;
    if (percent === 0) return [withWeight(backend, weight)];
    const whole = (weight ?? 1) * factor;
    if (!isFor(backend, split.stable, split)) return [withWeight(backend, whole)];
    const ours = (whole * percent) / 100;
    return [withWeight(backend, whole - ours), withWeight(split.kind.rename(backend, split), ours)];
  });
  return { ...rule, [list]: shared };
}

/** Without the copy, for a route that another user has changed: what is left is not touched, unless it would get nothing. */
export function withoutCopyAnywhere(route: JsonObject, split: RouteSplit): readonly JsonObject[] {
  return rulesOf(route, split.kind).map((rule) => {
    const backends = backendsOf(rule, split.kind);
    const kept = withoutCopy(backends, split);
    if (kept.length === backends.length) return rule;
    const getNothing = kept.every(({ weight }) => weight === 0);
    return { ...rule, [split.kind.list]: getNothing ? kept.map((backend) => withWeight(backend, null)) : kept };
  });
}

/** Does any rule send to the copy's Service? */
export function sendsToCopy(route: JsonObject, split: RouteSplit): boolean {
  const backends = rulesOf(route, split.kind).flatMap((rule) => backendsOf(rule, split.kind));
  return withoutCopy(backends, split).length < backends.length;
}

function withoutCopy(backends: readonly JsonObject[], split: Omit<RouteSplit, 'saved'>): readonly JsonObject[] {
  return backends.filter((backend) => !isFor(backend, split.copy, split));
}

function isFor(backend: JsonObject, service: string, { kind, namespace }: Omit<RouteSplit, 'saved'>): boolean {
  return kind.serviceOf(backend, namespace) === service;
}

function withWeight(backend: JsonObject, weight: number | null): JsonObject {
  if (weight !== null) return { ...backend, weight };
  const { weight: _, ...rest } = backend;
  return rest;
}

/** As they are, so that what else is in the list survives. */
export function rulesOf(route: JsonObject, { rules }: RouteKind): readonly JsonObject[] {
  const list = objectAt(route, 'spec')[rules];
  return Array.isArray(list) ? list.map((rule) => (isJsonObject(rule) ? rule : {})) : [];
}

function backendsOf(rule: JsonObject, { list }: RouteKind): readonly JsonObject[] {
  return listAt(rule, list);
}

/** A merge patch. The resourceVersion has one that comes late refused. */
export function rulesPatch(route: JsonObject, { rules: name }: RouteKind, rules: readonly JsonObject[]): JsonObject {
  return { metadata: { resourceVersion: textAt(route, 'metadata', 'resourceVersion') }, spec: { [name]: rules } };
}
