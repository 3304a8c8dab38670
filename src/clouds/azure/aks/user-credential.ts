import { DeployError } from '../../../model/errors.ts';
import { listAt, objectAt, textAt, textsAt } from '../../../model/json.ts';
import { parseYaml } from '../../../model/yaml.ts';

/** What AKS gives its users, in the form of a kubeconfig. */
export interface UserCredential {
  readonly server: URL;
  /** PEM. */
  readonly ca: string;
  readonly login: AksUser;
}

export type AksUser =
  /** Entra: a token for this application, which is the API server of all such clusters. */
  | { readonly kind: 'entra'; readonly serverId: string }
  /** A local account. The first two are PEM; '' where there is none. */
  | { readonly kind: 'local'; readonly certificate: string; readonly key: string; readonly token: string };

// "Azure Kubernetes Service AAD Server": the same in every tenant. https://azure.github.io/kubelogin/concepts/aks.html
const SERVER_ID = '6dae42f8-4368-4678-94ff-3960e28e3630';
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Where the user's entry would run kubelogin, only the application that it gets a token for is taken from it.
 * @param text YAML
 * @throws DeployError UNSUPPORTED, which quotes nothing of it
 */
export function readUserCredential(text: string, cluster: string): UserCredential {
  const document = parseYaml(text, `the kubeconfig that Azure gives for AKS cluster ${cluster}`);
  const [found = {}] = listAt(document, 'clusters');
  const server = URL.parse(textAt(found, 'cluster', 'server'));
  const ca = decode(textAt(found, 'cluster', 'certificate-authority-data'));
  if (server?.protocol !== 'https:' || ca === '') throw refusal(cluster, 'it has no https server or no authority');
  const [entry = {}] = listAt(document, 'users');
  return { server, ca, login: readUser(objectAt(entry, 'user'), cluster) };
}

function readUser(user: object, cluster: string): AksUser {
  const [certificate, key] = ['client-certificate-data', 'client-key-data'].map((name) => decode(textAt(user, name)));
  const token = textAt(user, 'token');
  if (certificate || token !== '') return { kind: 'local', certificate: certificate ?? '', key: key ?? '', token };
  if (textAt(user, 'exec', 'command') === '') throw refusal(cluster, 'it has no user that could log in');
  const serverId = findOption(textsAt(user, 'exec', 'args'), '--server-id') ?? SERVER_ID;
  if (!GUID.test(serverId)) throw refusal(cluster, 'its server id is no GUID');
  return { kind: 'entra', serverId };
}

/** `--server-id ID` or `--server-id=ID`. */
function findOption(args: readonly string[], name: string): string | null {
  const joined = args.find((arg) => arg.startsWith(`${name}=`));
  if (joined !== undefined) return joined.slice(name.length + 1);
  const at = args.indexOf(name);
  return at < 0 ? null : (args[at + 1] ?? null);
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

function refusal(cluster: string, why: string): DeployError {
  return new DeployError(
    'UNSUPPORTED',
    `could not use the kubeconfig that Azure gives for AKS cluster ${cluster}: ${why}`,
    {
      hint: 'Run `az aks get-credentials --file -` to see it, or set `kubeconfig` instead of `aks-cluster`.',
    },
  );
}
