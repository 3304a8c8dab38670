export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member at the path, or undefined. */
export function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((part, name) => (isObject(part) ? part[name] : undefined), value);
}

/** The object at the path; {} where there is none. */
export function objectAt(value: Json | undefined, ...path: readonly string[]): JsonObject {
  const found = at(value, ...path);
  return isObject(found) ? found : {};
}

/** The objects of the list at the path; [] where there is none. */
export function objectsAt(value: Json | undefined, ...path: readonly string[]): readonly JsonObject[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found.filter(isObject) : [];
}

/** '' where there is none. */
export function textAt(value: Json | undefined, ...path: readonly string[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** Equal whatever the order of members. A member that is undefined is none. */
export function isSame(one: Json | undefined, other: Json | undefined): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((part, index) => isSame(part, other[index]));
  }
  if (isObject(one) && isObject(other)) {
    const names = Object.keys(one).filter((name) => one[name] !== undefined);
    const count = Object.keys(other).filter((name) => other[name] !== undefined).length;
    return names.length === count && names.every((name) => other[name] !== undefined && isSame(one[name], other[name]));
  }
  return (one ?? null) === (other ?? null);
}
