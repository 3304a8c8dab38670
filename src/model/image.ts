import { DeployError } from './errors.ts';

export type Digest = `sha256:${string}`;

/** A name as a person writes it: a tag, a digest, both, or neither (then the tag is `latest`). */
export interface ImageName {
  /** Host, with the port where one was given: `ghcr.io`, `localhost:5000`, `docker.io`. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: Digest | null;
}

/** An image pinned by digest. The tag is a label that may since have moved. */
export interface ImageReference extends ImageName {
  readonly digest: Digest;
}

/** `ghcr.io/acme/agent@sha256:…`: what is deployed, verified and reported. */
export function formatImage(image: ImageReference): string {
  return `${image.registry}/${image.repository}@${image.digest}`;
}

/** `ghcr.io/acme/agent:v1`, for messages. */
export function formatImageName(name: ImageName): string {
  const suffix = name.digest ? `@${name.digest}` : `:${name.tag ?? 'latest'}`;
  return `${name.registry}/${name.repository}${suffix}`;
}

const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DIGEST = /^sha256:[a-f0-9]{64}$/;
const REGISTRY =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::\d{1,5})?$/;

/**
 * Reads an image name by Docker's rules: the first part is a registry only with a dot, a port or `localhost`;
 * `nginx` means `docker.io/library/nginx`. Grammar: https://github.com/distribution/reference
 *
 * @throws DeployError INPUT_INVALID that says which part is wrong.
 */
export function parseImageName(text: string): ImageName {
  return parseName(text, {
    what: 'an image reference',
    hint: 'Write registry/repository:tag or registry/repository@sha256:<64 hex digits>.',
  });
}

/** `what`: what it is to be, and `hint`: how that is written, for messages. */
function parseName(text: string, { what, hint }: { readonly what: string; readonly hint: string }): ImageName {
  const refuse = (why: string, next = hint): never => {
    throw new DeployError('INPUT_INVALID', `"${hideLogin(text).slice(0, 200)}" is not ${what}: ${why}`, { hint: next });
  };
  if (text === '') return refuse('it is empty');
  if (text.length > 512) return refuse('it is longer than 512 characters');
  if (text.includes('://')) return refuse('it starts with a URL scheme; leave that out');
  if (text.includes('${{')) return refuse('it has an expression in it that GitHub did not evaluate');
  if (DIGEST.test(text)) return refuse('it is a digest alone', 'Write registry/repository@ before it.');
  const empty = findEmptyPart(text);
  if (empty) return refuse(`its ${empty} is empty`, NO_VALUE);
  const [beforeDigest = '', ...digests] = text.split('@');
  if (digests.length > 1) return refuse('it has more than one "@"');
  const digest = digests[0] ?? null;
  if (digest !== null && !DIGEST.test(digest)) return refuse('the digest is not sha256:<64 lower-case hex digits>');
  const { path, tag } = splitTag(beforeDigest);
  if (tag !== null && !TAG.test(tag)) return refuse(`the tag "${tag}" is not [A-Za-z0-9_][A-Za-z0-9._-]{0,127}`);
  const { registry, repository } = splitRegistry(path);
  if (!REGISTRY.test(registry)) return refuse(`the registry "${registry}" is not a host name`);
  if (REPOSITORY.test(repository)) return { registry, repository, tag, digest: digest as Digest | null };
  // Of `Agent`, `library/` was not written.
  const written = text.includes(repository) ? repository : repository.slice('library/'.length);
  const lower = text.replace(written, written.toLowerCase());
  const isCase = REPOSITORY.test(repository.toLowerCase());
  return refuse(
    `the repository "${repository}" has to be lower-case words joined by / . _ -`,
    isCase ? `Did you mean \`${lower}\`?` : hint,
  );
}

/** An expression without a value leaves nothing where its value would be. */
const NO_VALUE =
  'Check that the secret, variable, output or matrix value in it exists: one that does not is empty, and secrets are empty in pull requests from forks.';

function findEmptyPart(text: string): string | null {
  if (text.endsWith('@')) return 'digest';
  if (text.endsWith(':')) return 'tag';
  const [path = ''] = text.split('@');
  const names = path.split('/');
  if (names.length > 1 && names[0] === '') return 'registry';
  return names.some((name) => name === '' || name.startsWith(':')) ? 'repository' : null;
}

/** Who pastes a clone-like address may have left a password in it, and this is quoted in logs. */
function hideLogin(text: string): string {
  return text.replace(/^([a-z+]+:\/\/).*@|^[^/]*@(?!sha256:)/is, '$1…@').replace(/\?.*$/s, '?…');
}

/** Repository of a destination, without tag or digest: `ghcr.io/acme/agent`. */
export function parseRepository(text: string): { readonly registry: string; readonly repository: string } {
  if (text.includes('://')) {
    throw new DeployError('INPUT_INVALID', `"${hideLogin(text).slice(0, 200)}" is not a repository: it is a URL`, {
      hint: 'Leave out the scheme and write registry/repository: ghcr.io/acme/agent.',
    });
  }
  const hint = 'Write registry/repository: ghcr.io/acme/agent.';
  const { registry, repository, tag, digest } = parseName(text, { what: 'a repository', hint });
  if (tag !== null || digest !== null) {
    throw new DeployError('INPUT_INVALID', `"${text}" is not a repository: it has a tag or a digest`, {
      hint: 'Write registry/repository only; the tag of the source image is kept, unless the input `tags` says another.',
    });
  }
  return { registry, repository };
}

/** @throws DeployError INPUT_INVALID */
export function parseTag(text: string): string {
  if (TAG.test(text)) return text;
  throw new DeployError('INPUT_INVALID', `"${text.slice(0, 200)}" is not a tag`, {
    hint: 'Write up to 128 letters, digits, dots, dashes and underscores; the first is no dot and no dash.',
  });
}

function splitTag(text: string): { path: string; tag: string | null } {
  const colon = text.lastIndexOf(':');
  if (colon < 0 || text.slice(colon).includes('/')) return { path: text, tag: null };
  return { path: text.slice(0, colon), tag: text.slice(colon + 1) };
}

function splitRegistry(path: string): { registry: string; repository: string } {
  const slash = path.indexOf('/');
  const first = slash < 0 ? '' : path.slice(0, slash);
  const isRegistry = first.includes('.') || first.includes(':') || first === 'localhost';
  if (isRegistry && !isDockerHub(first)) return { registry: first, repository: path.slice(slash + 1) };
  const onHub = isRegistry ? path.slice(slash + 1) : path;
  return { registry: 'docker.io', repository: onHub.includes('/') ? onHub : `library/${onHub}` };
}

function isDockerHub(host: string): boolean {
  return host === 'docker.io' || host === 'index.docker.io';
}
