import { isIPv4 } from 'node:net';

/**
 * `NO_PROXY` as curl and Go take it, in the form that Node's agents take: there a domain without a dot before it stands for
 * that host alone, a space separates nothing, and a block of addresses is written with its first and its last one.
 */
export function expandNoProxy(list: string): string {
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .flatMap(expand)
    .join(',');
}

function expand(entry: string): readonly string[] {
  const [address = '', bits = ''] = entry.split('/');
  if (isIPv4(address)) return [isBits(bits) ? rangeOf(address, Number(bits)) : entry];
  // An IPv6 address, as a URL has it in brackets.
  if (entry.startsWith('[')) return [entry.replace(/^\[([^\]]*)\]$/, '$1')];
  if (entry === '*' || entry.includes(':')) return [entry];
  // A dot at the end makes a name complete; it may be there on either side.
  const name = entry.replace(/^\*\./, '.').replace(/(?<=[^.])\.$/, '');
  const names = name.startsWith('.') ? [name] : [name, `.${name}`];
  return names.flatMap((one) => [one, `${one}.`]);
}

function isBits(text: string): boolean {
  return /^\d{1,2}$/.test(text) && Number(text) <= 32;
}

function rangeOf(address: string, bits: number): string {
  const size = 2 ** (32 - bits);
  const given = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const first = given - (given % size);
  return `${formatAddress(first)}-${formatAddress(first + size - 1)}`;
}

function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
