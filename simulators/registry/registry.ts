import type { ImageSource, PulledImage } from '../behaviour.ts';
import type { SimulatedHost, SimulatedRequest, SimulatedResponse, TimeSource } from '../edge/host.ts';
import type { OciImage } from '../images.ts';
import { openAccess, type RegistryAuth } from './access.ts';
import { type Answer, refuse, toResponse } from './answer.ts';
import { answerBlob, answerFromStorage, redirectToStorage } from './blobs.ts';
import type { Access } from './challenge.ts';
import { getManifest, listReferrers, listTags, putManifest } from './manifests.ts';
import { pullFrom } from './pull.ts';
import {
  emptyRepositories,
  emptyRepository,
  ensureRepository,
  type Repositories,
  type Repository,
  storeBlob,
} from './repositories.ts';
import { parseRoute, type Route } from './route.ts';
import { openUploads, type Uploads } from './uploads.ts';

export interface SimulatedRegistryOptions {
  readonly hostnames: readonly string[];
  readonly clock: TimeSource;
  readonly auth: RegistryAuth;
  /** As ECR's IMMUTABLE: a tag that exists is refused, for the same digest too. */
  readonly immutableTags?: boolean;
  /** False, as ECR: a push to a repository that does not exist is refused, and a HEAD there is forbidden. */
  readonly createOnPush: boolean;
  /** Where that is so for some names only: null, or what is wrong with the name (404). */
  readonly refuseName?: (repository: string) => string | null;
  /** False, as Artifact Registry: a blob comes in one piece, or not at all. Default true. */
  readonly chunkedUploads?: boolean;
  /** Length of the state in an upload's address; default: as short as it can be. */
  readonly uploadStateBytes?: number;
  /** Blobs are read from this host, with a signed query. */
  readonly redirectBlobsTo?: string;
  /** `ignore`: a mount is answered with an ordinary upload session. */
  readonly mount: 'allow' | 'ignore';
  /** `fallback`, as GHCR: there is no list of referrers, so clients keep one in a tag. Default `api`. */
  readonly referrers?: 'api' | 'fallback';
}

export interface RegistrySnapshot {
  readonly repositories: Readonly<
    Record<
      string,
      {
        readonly tags: Readonly<Record<string, string>>;
        readonly manifests: readonly string[];
        readonly blobs: readonly string[];
      }
    >
  >;
}

type RepositoryRoute = Extract<Route, { repository: string }>;

/** A registry of the OCI distribution spec 1.1, and where simulated platforms pull from. */
export class SimulatedRegistry implements SimulatedHost, ImageSource {
  readonly #options: SimulatedRegistryOptions;
  readonly #access: Access;
  readonly #repositories: Repositories = emptyRepositories();
  readonly #uploads: Uploads = openUploads(this.#repositories);

  constructor(options: SimulatedRegistryOptions) {
    this.#options = options;
    this.#access = openAccess(options.auth, options.clock);
  }

  serves(hostname: string): boolean {
    return this.#options.hostnames.includes(hostname) || hostname === this.#options.redirectBlobsTo;
  }

  nameCall(request: SimulatedRequest): { readonly operation: string; readonly mutates: boolean } {
    const route = this.#isStorage(request) ? 'storage' : parseRoute(request.url.pathname).kind;
    // A token is asked for with a POST where it is a form (ACR).
    const mutates = route !== 'token' && !['GET', 'HEAD'].includes(request.method);
    return { operation: `registry:${request.method} ${route}`, mutates };
  }

  handle(request: SimulatedRequest): SimulatedResponse {
    return toResponse(request.method, this.#answer(request));
  }

  /** Makes an empty repository, as a person or an API call does before a push. */
  createRepository(name: string): void {
    ensureRepository(this.#repositories, name);
  }

  /** Puts an image there without a push. `tag` null: by digest only. */
  seed(name: string, tag: string | null, image: OciImage): void {
    const repository = ensureRepository(this.#repositories, name);
    for (const blob of image.blobs) storeBlob(this.#repositories, repository, blob);
    for (const manifest of image.manifests) repository.manifests.set(manifest.digest, manifest);
    if (tag !== null) repository.tags.set(tag, image.digest);
  }

  /** Deletes all images of a repository, as a lifecycle rule does, in use or not. */
  forget(name: string): void {
    const repository = ensureRepository(this.#repositories, name);
    repository.manifests.clear();
    repository.tags.clear();
  }

  pull(image: string, platform = 'linux/amd64'): PulledImage | null {
    const slash = image.indexOf('/');
    const hostname = image.slice(0, Math.max(0, slash)).replace(/:\d+$/, '');
    if (!this.#options.hostnames.includes(hostname)) return null;
    return pullFrom(this.#repositories, image.slice(slash + 1), platform);
  }

  snapshot(): RegistrySnapshot {
    const entries = [...this.#repositories.byName].sort(([a], [b]) => (a < b ? -1 : 1));
    const repositories = entries.map(([name, { tags, manifests, blobs }]) => [
      name,
      {
        tags: Object.fromEntries([...tags].sort(([a], [b]) => (a < b ? -1 : 1))),
        manifests: [...manifests.keys()].sort(),
        blobs: [...blobs].sort(),
      },
    ]);
    return { repositories: Object.fromEntries(repositories) };
  }

  #isStorage(request: SimulatedRequest): boolean {
    return request.url.hostname === this.#options.redirectBlobsTo;
  }

  #answer(request: SimulatedRequest): Answer {
    if (this.#isStorage(request)) return answerFromStorage(request, this.#repositories.blobs);
    const route = parseRoute(request.url.pathname);
    if (route.kind === 'token') return this.#access.issueToken(request);
    if (route.kind === 'unknown') return refuse(404, 'NAME_INVALID', 'invalid repository name');
    const refused = this.#access.check(request, route.kind === 'ping' ? [] : grantsFor(request, route));
    if (refused) return refused;
    if (route.kind === 'ping') return { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' };
    const wrong = this.#options.refuseName?.(route.repository) ?? null;
    if (wrong !== null) return refuse(404, 'NAME_UNKNOWN', wrong);
    const repository = this.#findRepository(request, route.repository);
    // A list of referrers is never "not found" (spec, "Listing Referrers"): a client takes that for a registry without any.
    if (!repository && route.kind === 'referrers' && this.#options.createOnPush)
      return this.#answerIn(request, emptyRepository(), route);
    return repository ? this.#answerIn(request, repository, route) : this.#refuseRepository(request, route.repository);
  }

  #findRepository(request: SimulatedRequest, name: string): Repository | null {
    const creates = this.#options.createOnPush && ['POST', 'PUT'].includes(request.method);
    return creates ? ensureRepository(this.#repositories, name) : (this.#repositories.byName.get(name) ?? null);
  }

  #refuseRepository(request: SimulatedRequest, name: string): Answer {
    if (this.#options.createOnPush) return refuse(404, 'NAME_UNKNOWN', 'repository name not known to registry');
    // ECR forbids the HEAD where a GET says why: https://github.com/medic/cht-core/issues/9685
    if (request.method === 'HEAD') return { status: 403 };
    const registryId = request.url.hostname.split('.')[0];
    const message = `The repository with name '${name}' does not exist in the registry with id '${registryId}'`;
    return refuse(404, 'NAME_UNKNOWN', message);
  }

  #answerIn(request: SimulatedRequest, repository: Repository, route: RepositoryRoute): Answer {
    const { method } = request;
    const at = { name: route.repository, repository };
    const reads = method === 'GET' || method === 'HEAD';
    if (route.kind === 'upload' && route.session !== null) {
      return this.#uploads.proceed(request, at, { id: route.session, rules: this.#uploadRules(request) });
    }
    if (route.kind === 'upload' && method === 'POST')
      return this.#uploads.begin(request, at, this.#uploadRules(request));
    if (route.kind === 'blob' && reads) return this.#answerBlob(request, repository, route.digest);
    if (route.kind === 'manifest' && reads) return getManifest(repository, route.reference);
    if (route.kind === 'manifest' && method === 'PUT') {
      const rules = { immutableTags: this.#options.immutableTags === true, listsReferrers: this.#listsReferrers };
      return putManifest(request, { ...at, reference: route.reference }, rules);
    }
    if (route.kind === 'tags' && method === 'GET') return listTags(request, route.repository, repository);
    if (route.kind === 'referrers' && !this.#listsReferrers) return refuse(404, 'UNSUPPORTED', 'no such page');
    if (route.kind === 'referrers' && method === 'GET') return listReferrers(request, repository, route.digest);
    return refuse(405, 'UNSUPPORTED', 'the operation is unsupported');
  }

  get #listsReferrers(): boolean {
    return this.#options.referrers !== 'fallback';
  }

  #uploadRules(request: SimulatedRequest) {
    const mayPull = (from: string): boolean => this.#access.allows(request, `${from}:pull`);
    const { mount, chunkedUploads = true, uploadStateBytes = 0 } = this.#options;
    return { mount, mayPull, chunkedUploads, uploadStateBytes };
  }

  #answerBlob(request: SimulatedRequest, repository: Repository, digest: string): Answer {
    const bytes = repository.blobs.has(digest) ? this.#repositories.blobs.get(digest) : undefined;
    if (!bytes) return refuse(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
    const { redirectBlobsTo } = this.#options;
    if (redirectBlobsTo === undefined || request.method === 'HEAD') return answerBlob(request, digest, bytes);
    return redirectToStorage(request, digest, redirectBlobsTo);
  }
}

/** GET of an upload session reads, but only who may push has one. */
function grantsFor(request: SimulatedRequest, route: RepositoryRoute): readonly string[] {
  const { repository } = route;
  const reads = ['GET', 'HEAD'].includes(request.method) && route.kind !== 'upload';
  return reads ? [`${repository}:pull`] : [`${repository}:pull`, `${repository}:push`];
}
