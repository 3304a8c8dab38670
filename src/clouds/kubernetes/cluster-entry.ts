import { isIP } from 'node:net';
import type { Io } from '../../io/io.ts';
import { parseProxyAddress } from '../../io/proxy-env.ts';
import type { ConnectionOptions } from '../../model/endpoint.ts';
import { DeployError } from '../../model/errors.ts';
import { isJsonObject, type JsonObject, listAt, textAt } from '../../model/json.ts';
import type { Entry } from './kubeconfig.ts';
import { ensureUsable, readPem } from './pem.ts';

/** A cluster of a kubeconfig: where it is, and how to connect to it. */
export interface ClusterEntry {
  /** For people: `cluster shop (https://10.0.0.1:6443)`. */
  readonly name: string;
  readonly server: URL;
  readonly connection: ConnectionOptions;
  /** As `spec.cluster` of KUBERNETES_EXEC_INFO has it. */
  readonly info: JsonObject;
}

// What a plugin may be told of a cluster beside the address.
const EXEC_EXTENSION = 'client.authentication.k8s.io/exec';

/** @throws DeployError INPUT_INVALID, UNSUPPORTED */
export function readClusterEntry(cluster: Entry, io: Pick<Io, 'files' | 'log'>): ClusterEntry {
  const { fields } = cluster;
  const server = readServer(cluster);
  const ca = readPem(cluster, 'certificate-authority', io);
  const serverName = textAt(fields, 'tls-server-name');
  const proxy = readProxy(cluster);
  const isUnverified = fields['insecure-skip-tls-verify'] === true;
  if (isUnverified && ca !== '') {
    const why = 'insecure-skip-tls-verify beside a certificate authority';
    throw invalid(cluster, why, 'Remove `insecure-skip-tls-verify`: the certificate authority is there.');
  }
  if (isUnverified && server.protocol === 'https:') {
    io.log.warning(
      `The certificate of ${server.host} is not verified (insecure-skip-tls-verify in ${cluster.what}): whoever is in between can read the credentials. Set certificate-authority-data instead.`,
    );
  }
  const connection: ConnectionOptions = {
    ...(ca === '' ? {} : { ca }),
    ...(serverName === '' ? {} : { serverName }),
    ...(isUnverified ? { isUnverified } : {}),
    ...(proxy === '' ? {} : { proxy }),
  };
  ensureUsable(connection, `cluster ${cluster.name} (${cluster.what})`);
  return { name: `cluster ${cluster.name} (${server.origin})`, server, connection, info: describe(cluster, ca) };
}

function readServer(cluster: Entry): URL {
  const given = textAt(cluster.fields, 'server');
  const server = URL.parse(given);
  const isWeb = server?.protocol === 'https:' || server?.protocol === 'http:';
  if (!server || !isWeb || server.username !== '' || server.search !== '') {
    const why = given === '' ? 'it has no server' : 'its server is no URL like https://10.0.0.1:6443';
    throw invalid(cluster, why, 'Set `server` to the https URL of the API server, without a login or a query.');
  }
  return server;
}

/** '': none. */
function readProxy(cluster: Entry): string {
  const given = textAt(cluster.fields, 'proxy-url');
  if (given === '') return '';
  const proxy = parseProxyAddress(given);
  if (proxy?.protocol === 'http:' || proxy?.protocol === 'https:') return proxy.href;
  const scheme = proxy ? proxy.protocol.replace(/:$/, '') : 'none';
  throw new DeployError(
    'UNSUPPORTED',
    `could not use ${describeCluster(cluster)}: the scheme of its proxy-url is ${scheme}`,
    {
      hint: 'Use a proxy of http or https (`proxy-url: http://proxy.example:3128`), or a runner that reaches the cluster directly.',
    },
  );
}

/** https://kubernetes.io/docs/reference/config-api/client-authentication.v1/#client-authentication-k8s-io-v1-Cluster */
function describe({ fields }: Entry, ca: string): JsonObject {
  const extension = listAt(fields, 'extensions').find((entry) => textAt(entry, 'name') === EXEC_EXTENSION)?.[
    'extension'
  ];
  const named = ['server', 'tls-server-name', 'proxy-url'].flatMap((name) => {
    const value = textAt(fields, name);
    return value === '' ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(named),
    ...(fields['insecure-skip-tls-verify'] === true ? { 'insecure-skip-tls-verify': true } : {}),
    ...(ca === '' ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
    config: isJsonObject(extension) ? extension : null,
  };
}

/** Without TLS, everyone in between reads what is sent: only this machine's own addresses are left. */
export function isReadable({ protocol, hostname }: URL): boolean {
  if (protocol === 'https:') return false;
  const host = hostname.replace(/^\[|\]$/g, '');
  return host !== 'localhost' && host !== '::1' && !(isIP(host) === 4 && host.startsWith('127.'));
}

function invalid(cluster: Entry, why: string, hint: string): DeployError {
  return new DeployError('INPUT_INVALID', `could not use ${describeCluster(cluster)}: ${why}`, { hint });
}

function describeCluster({ name, what }: Entry): string {
  return `cluster ${name} of ${what}`;
}
