import { isJsonObject } from './json.ts';

/** What the members are called that hold the variables of a container. */
const VARIABLES = ['env', 'environment'];
const DEEPEST = 12;

/** The values of all variables in a definition, as every cloud writes them: `[{ name, value }]` under one of these names. */
export function listVariableValues(document: unknown, depth = 0): readonly string[] {
  if (depth > DEEPEST) return [];
  if (Array.isArray(document)) return document.flatMap((member) => listVariableValues(member, depth + 1));
  if (!isJsonObject(document)) return [];
  return Object.entries(document).flatMap(([name, member]) =>
    VARIABLES.includes(name) && Array.isArray(member)
      ? member.flatMap((variable) => (typeof variable?.value === 'string' ? [variable.value] : []))
      : listVariableValues(member, depth + 1),
  );
}
