/** What a path means: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#endpoints */
export type Route =
  | { readonly kind: 'ping' }
  | { readonly kind: 'token' }
  | { readonly kind: 'blob'; readonly repository: string; readonly digest: string }
  | { readonly kind: 'upload'; readonly repository: string; readonly session: string | null }
  | { readonly kind: 'manifest'; readonly repository: string; readonly reference: string }
  | { readonly kind: 'tags'; readonly repository: string }
  | { readonly kind: 'referrers'; readonly repository: string; readonly digest: string }
  | { readonly kind: 'unknown' };

const NAME = '([a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\\.|_{1,2}|-+)[a-z0-9]+)*)*)';
const UPLOAD = new RegExp(`^/v2/${NAME}/blobs/uploads/([A-Za-z0-9-]*)$`);
const BLOB = new RegExp(`^/v2/${NAME}/blobs/([^/]+)$`);
const MANIFEST = new RegExp(`^/v2/${NAME}/manifests/([^/]+)$`);
const TAGS = new RegExp(`^/v2/${NAME}/tags/list$`);
const REFERRERS = new RegExp(`^/v2/${NAME}/referrers/([^/]+)$`);

const TOKEN_PATHS = ['/token', '/v2/token', '/oauth2/token', '/oauth2/exchange'];

export function parseRoute(pathname: string): Route {
  const path = tryDecode(pathname);
  if (path === '/v2/' || path === '/v2') return { kind: 'ping' };
  // The second is Google's, the others are Azure's:
  // https://cloud.google.com/artifact-registry/docs/docker/authentication#token, https://azure.github.io/acr/AAD-OAuth.html
  if (TOKEN_PATHS.includes(path)) return { kind: 'token' };
  const upload = UPLOAD.exec(path.endsWith('/blobs/uploads') ? `${path}/` : path);
  if (upload) return { kind: 'upload', repository: upload[1]!, session: upload[2] || null };
  const blob = BLOB.exec(path);
  if (blob) return { kind: 'blob', repository: blob[1]!, digest: blob[2]! };
  const manifest = MANIFEST.exec(path);
  if (manifest) return { kind: 'manifest', repository: manifest[1]!, reference: manifest[2]! };
  const tags = TAGS.exec(path);
  if (tags) return { kind: 'tags', repository: tags[1]! };
  const referrers = REFERRERS.exec(path);
  if (referrers) return { kind: 'referrers', repository: referrers[1]!, digest: referrers[2]! };
  return { kind: 'unknown' };
}

/** A path that is not well escaped matches no route, and so is unknown. */
function tryDecode(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return pathname;
  }
}
