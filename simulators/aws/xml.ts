import type { Json } from '../json.ts';

/** The query protocol's form: an object's members become elements, a list's items `<member>`. */
export function toXml(name: string, value: Json): string {
  return `<${name}>${content(value)}</${name}>`;
}

function content(value: Json): string {
  if (value === null) return '';
  if (Array.isArray(value)) return value.map((item: Json) => toXml('member', item)).join('');
  if (typeof value !== 'object') return escapeXml(String(value));
  return Object.entries(value)
    .filter(([, member]) => member !== undefined && member !== null)
    .map(([name, member]) => toXml(name, member as Json))
    .join('');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
