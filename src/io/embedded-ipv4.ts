import { isIPv6 } from 'node:net';

/** Prefixes of IPv6 addresses that stand for an IPv4 address, and at which bytes they hold it. */
const FORMS: readonly { readonly prefix: readonly number[]; readonly at: readonly number[] }[] = [
  // Mapped, translated, and compatible: RFC 4291, RFC 2765.
  { prefix: [...zeros(10), 0xff, 0xff], at: [12, 13, 14, 15] },
  { prefix: [...zeros(8), 0xff, 0xff, 0, 0], at: [12, 13, 14, 15] },
  { prefix: zeros(12), at: [12, 13, 14, 15] },
  // NAT64, by its well-known prefix, and by one of the operator's in each length: RFC 6052, RFC 8215.
  { prefix: [0, 0x64, 0xff, 0x9b, ...zeros(8)], at: [12, 13, 14, 15] },
  { prefix: [0, 0x64, 0xff, 0x9b, 0, 1], at: [12, 13, 14, 15] },
  { prefix: [0, 0x64, 0xff, 0x9b, 0, 1], at: [6, 7, 9, 10] },
  { prefix: [0, 0x64, 0xff, 0x9b, 0, 1], at: [7, 9, 10, 11] },
  { prefix: [0, 0x64, 0xff, 0x9b, 0, 1], at: [9, 10, 11, 12] },
  // 6to4: RFC 3056.
  { prefix: [0x20, 0x02], at: [2, 3, 4, 5] },
];
const ISATAP = [0x5e, 0xfe];
const TEREDO = [0x20, 0x01, 0, 0];

/** The IPv4 addresses that packets to this IPv6 address may end at; none for an IPv4 address. */
export function embeddedIpv4(address: string): readonly string[] {
  if (!isIPv6(address)) return [];
  const bytes = bytesOf(address);
  // The unspecified address and the loopback have a meaning of their own.
  if (bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15]! <= 1) return [];
  const found = FORMS.filter(({ prefix }) => startsWith(bytes, prefix)).map(({ at }) =>
    at.map((index) => bytes[index]!),
  );
  // RFC 5214
  if (startsWith(bytes.slice(10), ISATAP)) found.push(bytes.slice(12));
  // RFC 4380 hides the address by inverting it.
  if (startsWith(bytes, TEREDO)) found.push(bytes.slice(12).map((byte) => byte ^ 0xff));
  // Of the lengths of a prefix only one can be meant; the others find zeros.
  return found.filter(([first]) => first !== 0).map((inner) => inner.join('.'));
}

function bytesOf(address: string): number[] {
  // `URL` writes the last 32 bits in hexadecimal too.
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = [], tail = []] = canonical.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const missing = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  return [...head, ...missing, ...tail].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

function startsWith(bytes: readonly number[], prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}
