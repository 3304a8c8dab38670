import { isJsonObject } from '../../model/json.ts';

const MAX_DEPTH = 40;

/**
 * Values in the body of a request that an answer could quote, and that may be secrets: those of environment variables
 * (`{ name, value }`, also in a JSON patch of them), and the data of Secrets and ConfigMaps.
 */
export function sentValues(body: unknown): readonly string[] {
  const found: string[] = [];
  const visit = (node: unknown, depth: number): void => {
    if (depth > MAX_DEPTH) return;
    if (Array.isArray(node)) for (const item of node) visit(item, depth + 1);
    if (!isJsonObject(node)) return;
    const isVariable = typeof node['name'] === 'string' || /\/env(?:\/|$)/.test(String(node['path'] ?? ''));
    if (isVariable && typeof node['value'] === 'string') found.push(node['value']);
    for (const member of ['data', 'stringData']) found.push(...textsOf(node[member]));
    for (const value of Object.values(node)) visit(value, depth + 1);
  };
  visit(body, 0);
  return found;
}

function textsOf(data: unknown): readonly string[] {
  return isJsonObject(data) ? Object.values(data).filter((value) => typeof value === 'string') : [];
}
