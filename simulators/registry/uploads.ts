import type { SimulatedRequest } from '../edge/host.ts';
import { type Answer, refuse } from './answer.ts';
import { digestLike, type Repositories, type Repository, storeBlob } from './repositories.ts';

export interface UploadRules {
  readonly mount: 'allow' | 'ignore';
  /** May the caller read the repository that it wants to mount from? */
  readonly mayPull: (repository: string) => boolean;
  readonly chunkedUploads: boolean;
  readonly uploadStateBytes: number;
}

export interface Uploads {
  begin(
    request: SimulatedRequest,
    at: { readonly name: string; readonly repository: Repository },
    rules: UploadRules,
  ): Answer;
  /** GET, PATCH, PUT or DELETE of a session that `begin` opened. */
  proceed(
    request: SimulatedRequest,
    at: { readonly name: string; readonly repository: Repository },
    session: { readonly id: string; readonly rules: UploadRules },
  ): Answer;
}

interface Session {
  readonly name: string;
  readonly chunks: Buffer[];
}

export function openUploads(repositories: Repositories): Uploads {
  const sessions = new Map<string, Session>();
  let opened = 0;
  return {
    begin(request, at, rules) {
      const mounted = tryMount(request, at, { repositories, rules });
      if (mounted) return mounted;
      opened += 1;
      const id = `00000000-0000-4000-8000-${String(opened).padStart(12, '0')}`;
      sessions.set(id, { name: at.name, chunks: [] });
      return answerSession(request, id, { session: { name: at.name, chunks: [] }, rules });
    },
    proceed(request, at, { id, rules }) {
      const session = sessions.get(id);
      if (session?.name !== at.name) return refuse(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
      if (request.method === 'GET') return { ...answerSession(request, id, { session, rules }), status: 204 };
      if (request.method === 'PATCH') return appendChunk(request, id, { session, rules });
      if (request.method === 'PUT') {
        const answer = complete(request, session, (blob) => storeBlob(repositories, at.repository, blob));
        if (answer.status === 201) sessions.delete(id);
        return answer;
      }
      if (request.method !== 'DELETE') return refuse(405, 'UNSUPPORTED', 'the operation is unsupported');
      sessions.delete(id);
      return { status: 204 };
    },
  };
}

/** 201 when the blob could be shared; null: an ordinary upload begins (202), as the spec asks. */
function tryMount(
  request: SimulatedRequest,
  at: { readonly name: string; readonly repository: Repository },
  world: { readonly repositories: Repositories; readonly rules: UploadRules },
): Answer | null {
  const digest = request.url.searchParams.get('mount');
  const from = request.url.searchParams.get('from');
  if (!digest || !from || world.rules.mount === 'ignore' || !world.rules.mayPull(from)) return null;
  if (!world.repositories.byName.get(from)?.blobs.has(digest)) return null;
  at.repository.blobs.add(digest);
  return answerCreated(request, at.name, digest);
}

interface OpenUpload {
  readonly session: Session;
  readonly rules: UploadRules;
}

function answerSession(request: SimulatedRequest, id: string, { session, rules }: OpenUpload): Answer {
  const size = sizeOf(session);
  const state = `${id.slice(-12)}-${size}`.padEnd(rules.uploadStateBytes, '-');
  const location = `${request.url.origin}/v2/${session.name}/blobs/uploads/${id}?_state=${state}`;
  return {
    status: 202,
    headers: { location, range: `0-${Math.max(0, size - 1)}`, 'docker-upload-uuid': id },
  };
}

function appendChunk(request: SimulatedRequest, id: string, { session, rules }: OpenUpload): Answer {
  if (!rules.chunkedUploads && (session.chunks.length > 0 || 'content-range' in request.headers)) {
    return refuse(400, 'UNSUPPORTED', 'chunked uploads are not supported: upload the blob in one piece');
  }
  const range = /^(?:bytes )?(\d+)-(\d+)/.exec(request.headers['content-range'] ?? '');
  if (range) {
    const length = Number(range[2]) - Number(range[1]) + 1;
    if (Number(range[1]) !== sizeOf(session) || length !== request.body.length) {
      return { ...answerSession(request, id, { session, rules }), status: 416 };
    }
  }
  session.chunks.push(request.body);
  return answerSession(request, id, { session, rules });
}

function complete(
  request: SimulatedRequest,
  session: Session,
  store: (blob: { readonly digest: string; readonly bytes: Buffer }) => void,
): Answer {
  const range = /^(?:bytes )?(\d+)-/.exec(request.headers['content-range'] ?? '');
  if (range && Number(range[1]) !== sizeOf(session)) return { status: 416 };
  const digest = request.url.searchParams.get('digest');
  const bytes = Buffer.concat([...session.chunks, request.body]);
  if (digest === null || digestLike(digest, bytes) !== digest) {
    return refuse(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
  }
  store({ digest, bytes });
  return answerCreated(request, session.name, digest);
}

function answerCreated(request: SimulatedRequest, name: string, digest: string): Answer {
  const location = `${request.url.origin}/v2/${name}/blobs/${digest}`;
  return { status: 201, headers: { location, 'docker-content-digest': digest } };
}

function sizeOf(session: Session): number {
  return session.chunks.reduce((size, chunk) => size + chunk.length, 0);
}
