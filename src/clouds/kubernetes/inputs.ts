import { describeError } from '../../model/errors.ts';
import type { InputReader } from '../../model/input-reader.ts';
import { joinSentences } from '../../model/sentences.ts';
import type { ClusterAccess, ClusterLogin, OpenCluster } from '../cluster-login.ts';
import type { CloudContext } from '../target.ts';
import type { KubernetesApi } from './api.ts';
import { readExpectedServer } from './expected-server.ts';
import { chooseContext } from './kubeconfig.ts';
import { type GivenKubeconfig, parseGivenText, readGivenKubeconfig } from './kubeconfig-sources.ts';

/** @throws DeployError NOT_FOUND, AUTH_FAILED, PERMISSION_DENIED, UNSUPPORTED, INPUT_INVALID, NETWORK */
export type OpenKubernetes = (context: CloudContext) => Promise<KubernetesApi>;

const KUBECONFIG_INPUTS = ['kubeconfig', 'context', 'expected-account'];

/** All inputs that `readClusterLogin` may read, each once: logins share some. */
export function clusterLoginInputs(logins: readonly ClusterLogin[]): readonly string[] {
  return [...new Set([...KUBECONFIG_INPUTS, ...logins.flatMap(({ inputs }) => inputs)])];
}

/**
 * Reads which cluster is meant, and as whom: one of the clouds' own logins, or a kubeconfig. Problems are noted in the
 * reader; nothing is sent.
 */
export function readClusterLogin(reader: InputReader, logins: readonly ClusterLogin[]): OpenKubernetes {
  const openCluster = readLogin(reader, logins);
  return async (context) => {
    const [{ openKubernetesApi }, access] = await Promise.all([import('./client.ts'), openCluster(context)]);
    return openKubernetesApi(access, context);
  };
}

function readLogin(reader: InputReader, logins: readonly ClusterLogin[]): OpenCluster {
  const chosen = logins.filter(({ inputs: [first] }) => reader.text(first) !== '');
  const kubeconfig = reader.text('kubeconfig');
  const names = chosen.map(({ inputs: [first] }) => first);
  const [first, second] = [...(kubeconfig === '' ? [] : ['kubeconfig']), ...names];
  if (first !== undefined && second !== undefined) {
    const expected = `one way to the cluster, and ${first} is set as well`;
    reader.problem(second, { given: 'a value', expected, next: 'Remove one of them.' });
  }
  const [login] = chosen;
  if (!login || kubeconfig !== '') return readKubeconfig(reader, kubeconfig);
  if (reader.text('context') !== '') {
    const expected = `nothing beside ${names[0]}, as it is the context of a kubeconfig`;
    reader.problem('context', { given: 'a value', expected, next: 'Remove it.' });
  }
  return login.parse(reader);
}

function readKubeconfig(reader: InputReader, text: string): OpenCluster {
  const context = reader.text('context');
  const expected = readExpectedServer(reader);
  const given = readGivenKubeconfig(text);
  if (given) checkText(reader, given, context);
  else {
    const expected = 'the YAML of a kubeconfig, base64 of it, or the path of a file';
    // Nothing of it is shown: it may hold a secret.
    reader.problem('kubeconfig', { given: 'base64 of something else', expected, next: NEXT });
  }
  return async ({ io }): Promise<ClusterAccess> => {
    const { openKubeconfig } = await import('./kubeconfig-access.ts');
    return openKubeconfig({ given: given ?? { kind: 'none' }, context, expected }, io);
  };
}

const NEXT = 'Encode it by `base64 -w0 kubeconfig`, or store the YAML itself in the secret.';

/** What is in a file is read when the cluster is opened. */
function checkText(reader: InputReader, given: GivenKubeconfig, context: string): void {
  if (given.kind !== 'text') return;
  const name = 'kubeconfig';
  const config = attempt(reader, name, () => parseGivenText(given.text, ''));
  if (config) attempt(reader, context === '' ? name : 'context', () => chooseContext(config, context));
}

/** null: it threw, which was noted. */
function attempt<T>(reader: InputReader, name: string, read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    const { message, hint } = describeError(error);
    const next = joinSentences(`${message.charAt(0).toUpperCase()}${message.slice(1)}`, hint);
    const [given, expected] =
      name === 'context'
        ? [`"${reader.text(name).slice(0, 60)}"`, 'a context of it']
        : ['something else', 'a kubeconfig'];
    reader.problem(name, { given, expected, next });
    return null;
  }
}
