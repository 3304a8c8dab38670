import { BlockList, isIP } from 'node:net';
import { embeddedIpv4 } from './embedded-ipv4.ts';

/**
 * Where machines of clouds get their own credentials and settings, and what stands for no host or for this link only.
 * Whose they are, with the sources: docs/addresses.md.
 */
const METADATA = [
  // This host: a connection to it reaches the loopback.
  '0.0.0.0/8',
  '::/128',
  // Link-local, with the metadata services of most clouds.
  '169.254.0.0/16',
  'fe80::/10',
  '100.100.100.200/32',
  '168.63.129.16/32',
  '192.0.0.192/32',
  // A whole block that is reserved for such services.
  'fd00:ec2::/32',
  'fd20:ce::254/128',
  'fd00:c1::a9fe:a9fe/128',
  'fd00:42::42/128',
  'fd00:a9fe:a9fe::1/128',
  'fd00:100::100:200/128',
];

/** What the internet doesn't route. https://www.iana.org/assignments/iana-ipv4-special-registry/ */
const PRIVATE = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::1/128',
  'fc00::/7',
  'fec0::/10',
  'ff00::/8',
];

export interface AddressRange {
  /** Of an IP address in any notation that `URL` or DNS yields; false for a name. */
  has(address: string): boolean;
}

export const METADATA_RANGE = openRange(METADATA);
export const PRIVATE_RANGE = openRange([...METADATA, ...PRIVATE]);

function openRange(blocks: readonly string[]): AddressRange {
  // Made when it is first asked: that takes a tenth of the start of a copy.
  let made: BlockList | null = null;
  return {
    has(address) {
      const [plain = ''] = address.split('%');
      if (isIP(plain) === 0) return false;
      made ??= listOf(blocks);
      const list = made;
      return list.check(plain, familyOf(plain)) || embeddedIpv4(plain).some((inner) => list.check(inner, 'ipv4'));
    },
  };
}

function listOf(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [address = '', bits] = block.split('/');
    list.addSubnet(address, Number(bits), familyOf(address));
  }
  return list;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
