import { DeployError } from '../../model/errors.ts';
import type { InputReader } from '../../model/input-reader.ts';

const INPUT = 'expected-account';

/** A kubeconfig names no account: what can be compared without a permission is the address of the API server. null: any. */
export function readExpectedServer(reader: InputReader): URL | null {
  const text = reader.text(INPUT);
  if (text === '') return null;
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : `https://${text}`);
  if (url && url.username === '' && url.search === '' && url.hash === '') return url;
  // It may be anything: a value that went into the wrong input.
  const given = `"${text.replace(/\s+/g, ' ').slice(0, 60)}"`;
  const expected = 'beside a kubeconfig, the address of the API server, such as https://10.0.0.1:6443';
  reader.problem(INPUT, { given, expected, next: `Take it from \`${COMMAND}\`.` });
  return null;
}

const COMMAND = "kubectl config view --minify --output 'jsonpath={.clusters[0].cluster.server}'";

/**
 * `isPod`: it is the cluster that the runner is a pod of.
 * @throws DeployError INPUT_INVALID where the kubeconfig leads elsewhere; UNSUPPORTED for a pod, whose API server has the same
 *   address in any cluster
 */
export function ensureExpectedServer(
  expected: URL,
  { server, isPod }: { readonly server: URL; readonly isPod: boolean },
): void {
  if (isPod) {
    const why = 'the runner is a pod, and the address that a pod has of its cluster is the same in others';
    throw new DeployError('UNSUPPORTED', `could not check \`${INPUT}\`: ${why}`, {
      hint: `Set \`kubeconfig\` (or KUBECONFIG), or remove \`${INPUT}\`.`,
    });
  }
  if (format(server) === format(expected)) return;
  const message = `could not start on the cluster at ${format(expected)}: the kubeconfig leads to ${format(server)}`;
  throw new DeployError('INPUT_INVALID', message, {
    hint: `Correct \`kubeconfig\` or \`context\`, or the input \`${INPUT}\`.`,
  });
}

/** With the path, which names the cluster where one address serves many. */
function format({ origin, pathname }: URL): string {
  return `${origin}${pathname.replace(/\/+$/, '')}`;
}
