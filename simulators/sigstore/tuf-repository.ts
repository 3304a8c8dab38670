import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** The files of a repository of The Update Framework, by their paths: https://theupdateframework.github.io/specification/ */
export interface TufRepository {
  /** What a client knows before it asks: the first root. */
  readonly root: Buffer;
  readonly files: ReadonlyMap<string, Buffer>;
}

export interface TufOptions {
  /** Name and content of its one target. */
  readonly target: readonly [name: string, content: string];
  /** The keys were exchanged once since the first root. */
  readonly isRotated?: boolean;
  /** Of the timestamp. */
  readonly expires?: string;
}

type Json = { readonly [name: string]: Json } | readonly Json[] | string | number | boolean;

interface Keys {
  readonly id: string;
  readonly described: Json;
  readonly secret: KeyObject;
}

const FAR = '2100-01-01T00:00:00Z';
const ROLES = ['root', 'timestamp', 'snapshot', 'targets'];

/** One key signs for all roles. */
export function createTufRepository({
  target: [name, content],
  isRotated = false,
  expires = FAR,
}: TufOptions): TufRepository {
  const first = makeKeys();
  const keys = isRotated ? makeKeys() : first;
  const root = signDocument(rootOf(1, first), first);
  const bytes = Buffer.from(content);
  const hash = createHash('sha256').update(bytes).digest('hex');
  const targets = {
    _type: 'targets',
    ...versionOf(1),
    targets: { [name]: { length: bytes.length, hashes: { sha256: hash } } },
  };
  const snapshot = { _type: 'snapshot', ...versionOf(1), meta: { 'targets.json': { version: 1 } } };
  const timestamp = { _type: 'timestamp', ...versionOf(1), expires, meta: { 'snapshot.json': { version: 1 } } };
  const files = new Map([
    ['timestamp.json', signDocument(timestamp, keys)],
    ['1.snapshot.json', signDocument(snapshot, keys)],
    ['1.targets.json', signDocument(targets, keys)],
    [`targets/${hash}.${name}`, bytes],
  ]);
  // Both the old and the new key sign the change from one to the other.
  if (isRotated) files.set('2.root.json', signDocument(rootOf(2, keys), first, keys));
  return { root, files };
}

function versionOf(version: number) {
  return { spec_version: '1.0.31', version, expires: FAR };
}

function rootOf(version: number, { id, described }: Keys): Json {
  const role = { keyids: [id], threshold: 1 };
  return {
    _type: 'root',
    ...versionOf(version),
    consistent_snapshot: true,
    keys: { [id]: described },
    roles: Object.fromEntries(ROLES.map((name) => [name, role])),
  };
}

function makeKeys(): Keys {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const hex = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('hex');
  const described = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: hex } };
  return { id: createHash('sha256').update(canonical(described)).digest('hex'), described, secret: privateKey };
}

function signDocument(signed: Json, ...keys: readonly Keys[]): Buffer {
  const bytes = Buffer.from(canonical(signed));
  const signatures = keys.map(({ id, secret }) => ({ keyid: id, sig: sign(null, bytes, secret).toString('hex') }));
  return Buffer.from(JSON.stringify({ signed, signatures }));
}

/** Keys sorted, no space: http://wiki.laptop.org/go/Canonical_JSON, for texts without control characters. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}
