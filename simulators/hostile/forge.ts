import { createHash } from 'node:crypto';
import type { SimulatedResponse } from '../edge/host.ts';
import type { HostileTurn } from './behaviour.ts';
import { type Bytes, withHeaders } from './bytes.ts';

const INDEX = 'application/vnd.oci.image.index.v1+json';

/** What a manifest looks like, as far as it is changed. */
interface ManifestDocument {
  readonly config: object;
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
}

/** The honest manifest, changed, under the digest that this has. A refusal stays one. */
export async function forge(
  { honest }: HostileTurn,
  edit: (document: ManifestDocument) => unknown,
): Promise<SimulatedResponse> {
  const given = await honest();
  if (given.status !== 200) return given;
  const edited = edit(JSON.parse(String(given.body)) as ManifestDocument);
  const bytes = Buffer.from(typeof edited === 'string' ? edited : JSON.stringify(edited));
  return withHeaders({ ...given, body: bytes }, { 'docker-content-digest': sha256(bytes) });
}

/** The honest answer with other bytes. A refusal stays one. */
export async function replaceBody({ honest }: HostileTurn, edit: (body: Buffer) => Bytes): Promise<SimulatedResponse> {
  const given = await honest();
  return given.status === 200 ? { ...given, body: edit(Buffer.from(given.body ?? '')) } : given;
}

/** Only where the honest answer would be a good one: after the login. */
export async function onceLoggedIn(
  { honest }: HostileTurn,
  act: (given: SimulatedResponse) => SimulatedResponse | Promise<SimulatedResponse>,
): Promise<SimulatedResponse> {
  const given = await honest();
  return given.status < 300 || given.status === 404 ? await act(given) : given;
}

export interface Forged {
  readonly digest: string;
  readonly bytes: Buffer;
}

export function indexOf(children: readonly Forged[]): Forged {
  const manifests = children.map(({ digest, bytes }) => ({ mediaType: INDEX, digest, size: bytes.length }));
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests }));
  return { digest: sha256(bytes), bytes };
}

/** An index of nothing; each number has another digest. */
export function emptyIndex(n: number): Forged {
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [], annotations: { n: `${n}` } }),
  );
  return { digest: sha256(bytes), bytes };
}

/** By digest what has it, by tag the first; anything else is answered honestly. */
export async function serveForged(turn: HostileTurn, all: readonly Forged[]): Promise<SimulatedResponse> {
  return await onceLoggedIn(turn, (given) => {
    const reference = decodeURIComponent(turn.request.url.pathname.split('/').at(-1) ?? '');
    const found = reference.includes(':') ? all.find(({ digest }) => digest === reference) : all[0];
    if (!found) return given;
    const headers = { 'content-type': INDEX, 'docker-content-digest': found.digest };
    return { status: 200, headers, body: turn.request.method === 'HEAD' ? '' : found.bytes };
  });
}

export function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
