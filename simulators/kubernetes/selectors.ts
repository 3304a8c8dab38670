import { type Json, type JsonObject, objectAt, objectsAt, textAt } from '../json.ts';
import { badRequest } from './api/api-error.ts';

type Labels = Readonly<Record<string, string>>;

/** A LabelSelector; an empty one selects everything. */
export function selects(selector: JsonObject, labels: Labels): boolean {
  const exact = Object.entries(objectAt(selector, 'matchLabels'));
  const expressions = objectsAt(selector, 'matchExpressions');
  return (
    exact.every(([name, value]) => labels[name] === value) && expressions.every((one) => fitsExpression(one, labels))
  );
}

/** A plain map, as a Service has it; an empty one selects nothing. */
export function selectsByMap(selector: JsonObject, labels: Labels): boolean {
  const pairs = Object.entries(selector);
  return pairs.length > 0 && pairs.every(([name, value]) => labels[name] === value);
}

function fitsExpression(expression: JsonObject, labels: Labels): boolean {
  const value = labels[textAt(expression, 'key')];
  const values = (expression['values'] ?? []) as readonly string[];
  switch (expression['operator']) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    default:
      return value === undefined;
  }
}

/** `app=web,tier in (a,b),!old`. @throws ApiError 400 */
export function parseLabelSelector(text: string): (labels: Labels) => boolean {
  const parts = text.match(/[^,(]+(?:\([^)]*\))?/g) ?? [];
  const tests = parts.map((part) => parseRequirement(part.trim()));
  return (labels) => tests.every((test) => test(labels));
}

function parseRequirement(text: string): (labels: Labels) => boolean {
  const [, name = '', operator = '', list = ''] = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(text) ?? [];
  const values = list.split(',').map((value) => value.trim());
  if (operator === 'in') return (labels) => labels[name] !== undefined && values.includes(labels[name]);
  if (operator === 'notin') return (labels) => labels[name] === undefined || !values.includes(labels[name]);
  const [, key = '', sign = '', value = ''] = /^([^=!\s]+)\s*(==|=|!=)\s*(\S*)$/.exec(text) ?? [];
  if (sign === '!=') return (labels) => labels[key] !== value;
  if (sign !== '') return (labels) => labels[key] === value;
  if (/^!\S+$/.test(text)) return (labels) => labels[text.slice(1)] === undefined;
  if (/^[^\s=!()]+$/.test(text)) return (labels) => labels[text] !== undefined;
  throw badRequest(`unable to parse requirement: found '${text}'`);
}

/** `involvedObject.uid=…,status.phase!=Failed`. @throws ApiError 400 */
export function parseFieldSelector(text: string): (object: JsonObject) => boolean {
  const tests = text.split(',').map((part) => {
    const [, path = '', sign = '', value = ''] = /^([\w.]+)(==|=|!=)(.*)$/.exec(part.trim()) ?? [];
    if (sign === '') throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    return (object: JsonObject): boolean => (valueAt(object, path.split('.')) === value) === (sign !== '!=');
  });
  return (object) => tests.every((test) => test(object));
}

function valueAt(object: JsonObject, path: readonly string[]): string {
  const found = path.reduce<Json | undefined>((part, name) => objectAt({ part }, 'part')[name], object);
  return found === undefined || found === null ? '' : String(found);
}
