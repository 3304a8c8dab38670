import type { SimulatedHost, SimulatedRequest, SimulatedResponse } from '../../edge/host.ts';
import type { OciImage } from '../../images.ts';

export interface Source {
  /** `ghcr.io` */
  readonly host: string;
  /** `acme/agent@sha256:…` or `acme/agent:v1` */
  readonly image: string;
  readonly username: string;
  readonly password: string;
}

interface Manifest {
  readonly mediaType?: string;
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
  readonly manifests?: readonly { readonly digest: string }[];
}

/** Thrown and caught in here. */
class CannotPull extends Error {}

const ACCEPT =
  'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, ' +
  'application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json';

/** What the registry's own service does: it pulls with the credentials that it was given. A text: why it can't. */
export function pullImageFrom(hosts: readonly SimulatedHost[], source: Source): OciImage | string {
  const [repository = '', reference = ''] = splitReference(source.image);
  const base = `https://${source.host}/v2/${repository}`;
  try {
    const get = openPull(hosts, source);
    const manifests: OciImage['manifests'][number][] = [];
    const blobs = new Map<string, Buffer>();
    const visit = (wanted: string): string => {
      const { headers, body } = get(`${base}/manifests/${wanted}`);
      const document = JSON.parse(body.toString()) as Manifest;
      for (const { digest } of document.manifests ?? []) visit(digest);
      for (const { digest } of [...(document.config ? [document.config] : []), ...(document.layers ?? [])]) {
        blobs.set(digest, get(`${base}/blobs/${digest}`).body);
      }
      const digest = headers['docker-content-digest'] ?? '';
      manifests.push({ digest, mediaType: headers['content-type'] ?? '', bytes: body });
      return digest;
    };
    const digest = visit(reference);
    return { digest, manifests, blobs: [...blobs].map(([name, bytes]) => ({ digest: name, bytes })) };
  } catch (error) {
    if (error instanceof CannotPull) return error.message;
    throw error;
  }
}

function openPull(hosts: readonly SimulatedHost[], source: Source) {
  let authorization: string | null = null;
  const send = (url: string, headers: Readonly<Record<string, string>>): SimulatedResponse => {
    const request: SimulatedRequest = { method: 'GET', url: new URL(url), headers, body: Buffer.alloc(0) };
    const host = hosts.find((candidate) => candidate.serves(request.url.hostname));
    if (!host) throw new CannotPull(`no such host: ${request.url.hostname}`);
    const answer = host.handle(request);
    if (answer instanceof Promise)
      throw new Error(`${request.url.hostname} answers later, which an import can't wait for`);
    return answer;
  };
  return (url: string): { headers: Readonly<Record<string, string>>; body: Buffer } => {
    const ask = () => send(url, { accept: ACCEPT, ...(authorization === null ? {} : { authorization }) });
    let answer = ask();
    if (answer.status === 401) {
      authorization = authorize(source, answer.headers?.['www-authenticate'] ?? '', send);
      answer = ask();
    }
    const location = answer.headers?.['location'];
    // Never with the registry's token: the storage refuses a request that proves itself twice.
    if (answer.status === 307 && location !== undefined) answer = send(location, {});
    if (answer.status !== 200) throw new CannotPull(refusalIn(answer, url));
    return { headers: answer.headers ?? {}, body: Buffer.from(answer.body ?? '') };
  };
}

function authorize(
  { username, password }: Source,
  challenge: string,
  send: (url: string, headers: Readonly<Record<string, string>>) => SimulatedResponse,
): string {
  const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  if (challenge.startsWith('Basic ')) return basic;
  const parts = Object.fromEntries([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
  const url = new URL(parts['realm'] ?? '');
  for (const name of ['service', 'scope']) url.searchParams.set(name, parts[name] ?? '');
  const answer = send(url.href, password === '' ? {} : { authorization: basic });
  if (answer.status !== 200) throw new CannotPull(refusalIn(answer, url.href));
  const { token, access_token } = JSON.parse(String(answer.body)) as { token?: string; access_token?: string };
  return `Bearer ${token ?? access_token}`;
}

function refusalIn({ status, body }: SimulatedResponse, url: string): string {
  const { hostname, pathname } = new URL(url);
  return `${status} from https://${hostname}${pathname}: ${String(body ?? '').slice(0, 200)}`;
}

function splitReference(image: string): [string, string] {
  const [name = '', digest] = image.split('@');
  const colon = name.lastIndexOf(':');
  const repository = colon < 0 ? name : name.slice(0, colon);
  return [repository, digest ?? (colon < 0 ? 'latest' : name.slice(colon + 1))];
}
