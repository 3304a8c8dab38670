/** May pulling an image succeed later? `unknown`: the text does not say. */
export type PullError = 'permanent' | 'transient' | 'unknown';

// A limit of the registry, a server or a network that fails: kubelets try again, and mostly get it.
const TRANSIENT = [
  /\b429\b|too ?many ?requests|rate limit|pull QPS exceeded/i,
  /\b50[0234]\b|bad gateway|service unavailable|gateway time-?out|internal server error/i,
  /i\/o time-?out|deadline exceeded|context canceled|timed out|tls handshake time-?out/i,
  /connection (?:refused|reset)|unexpected eof|\beof\b|broken pipe|no route to host|network is unreachable/i,
  /no such host|temporary failure|server misbehaving/i,
];
const PERMANENT = [
  /not found|manifest unknown|name unknown|does not exist|no such image|\b404\b/i,
  /unauthorized|authentication required|authorization failed|access (?:to the resource is )?denied|forbidden|\b40[13]\b/i,
  /no match for platform|no matching manifest|invalid reference format|unsupported media type/i,
];

/** By the words of containerd, CRI-O and the registries. */
export function classifyPullError(message: string): PullError {
  if (TRANSIENT.some((pattern) => pattern.test(message))) return 'transient';
  return PERMANENT.some((pattern) => pattern.test(message)) ? 'permanent' : 'unknown';
}

/** What to do about one that does not pass. */
export function pullHint(message: string): string {
  if (/no match for platform|no matching manifest/i.test(message))
    return 'Build the image for the platform of the nodes (docker buildx build --platform).';
  if (/unauthorized|authentication|authorization|denied|forbidden|\b40[13]\b/i.test(message))
    return 'Give the nodes, or the `imagePullSecrets` of the pod template or its ServiceAccount, access to the registry.';
  return 'Check that the image is in this registry and that the nodes pull from it.';
}
