import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tokenOf } from '../../simulators/kubernetes-stage.ts';
import { RealApi } from './real-api.ts';

/** How to reach a control plane that runs. As JSON in a file, for the processes of a test run. */
export interface Connection {
  readonly server: string;
  /** PEM of the server's own certificate. */
  readonly authority: string;
  /** Where the API server asks for connections to pods and kubelets. */
  readonly socket: string;
}

export interface ControlPlane {
  readonly connection: Connection;
  stop(): Promise<void>;
}

/** Everything in the cluster: `system:masters`. */
const MASTERS = ['admin', 'controllers'];
const CONTROLLERS = [
  ...[
    'deployment-controller',
    'replicaset-controller',
    'statefulset-controller',
    'daemonset-controller',
    'job-controller',
  ],
  ...['endpointslice-controller', 'serviceaccount-controller', 'namespace-controller', 'garbage-collector-controller'],
  ...[
    'resourcequota-controller',
    'disruption-controller',
    'pod-garbage-collector-controller',
    'ttl-after-finished-controller',
  ],
  ...['clusterrole-aggregation-controller', 'root-ca-certificate-publisher-controller'],
];

/** On loopback only, below `directory`, which it makes. `program`: as conformance/kubernetes/install builds it. */
export async function startControlPlane(program: string, directory: string): Promise<ControlPlane> {
  mkdirSync(path.join(directory, 'log'), { recursive: true });
  const [api, etcd, peer] = await freePorts(3);
  const server = `https://127.0.0.1:${api}`;
  const socket = path.join(directory, 'pods.sock');
  writeFiles(directory, { server, socket });
  const children: ChildProcess[] = [];
  const start = (part: string, ...flags: readonly string[]): ChildProcess => {
    const log = openSync(path.join(directory, 'log', part), 'a');
    const child = spawn(program, [part, ...flags], { cwd: directory, stdio: ['ignore', log, log] });
    closeSync(log);
    children.push(child);
    return child;
  };
  const stop = (): Promise<void> => stopAll(children, directory);
  try {
    start('etcd', ...etcdFlags(etcd!, peer!));
    const apiServer = start('kube-apiserver', ...apiServerFlags(api!, etcd!));
    await untilReady(server, directory, apiServer);
    const shared = ['--leader-elect=false', '--secure-port=0'];
    start('kube-controller-manager', ...shared, '--kubeconfig=controllers.kubeconfig', ...controllerFlags());
    start('kube-scheduler', ...shared, '--kubeconfig=scheduler.kubeconfig');
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    connection: { server, authority: readFileSync(path.join(directory, 'tls/apiserver.crt'), 'utf8'), socket },
    stop,
  };
}

function etcdFlags(port: number, peer: number): readonly string[] {
  const [clients, peers] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peer}`];
  return [
    ...['--data-dir=etcd', '--unsafe-no-fsync', '--log-level=error'],
    ...[`--listen-client-urls=${clients}`, `--advertise-client-urls=${clients}`],
    ...[`--listen-peer-urls=${peers}`, `--initial-advertise-peer-urls=${peers}`, `--initial-cluster=default=${peers}`],
  ];
}

function apiServerFlags(port: number, etcd: number): readonly string[] {
  return [
    ...[`--etcd-servers=http://127.0.0.1:${etcd}`, '--bind-address=127.0.0.1', `--secure-port=${port}`],
    ...['--advertise-address=127.0.0.1', '--cert-dir=tls', '--service-cluster-ip-range=10.96.0.0/16'],
    ...['--service-account-issuer=https://control-plane', '--service-account-key-file=accounts.pub'],
    ...['--service-account-signing-key-file=accounts.key', '--token-auth-file=tokens.csv', '--authorization-mode=RBAC'],
    // Pods have addresses that no interface has; what dials them is the egress proxy, in the process of the test.
    ...['--egress-selector-config-file=egress.yaml', '--endpoint-reconciler-type=none'],
    // No controller here takes the taint of a new node off again.
    ...['--disable-admission-plugins=TaintNodesByCondition', '--enable-priority-and-fairness=false'],
  ];
}

function controllerFlags(): readonly string[] {
  return [
    ...['--service-account-private-key-file=accounts.key', '--use-service-account-credentials=false'],
    ...['--concurrent-deployment-syncs=5', `--controllers=${CONTROLLERS.join(',')}`],
  ];
}

function writeFiles(directory: string, { server, socket }: { readonly server: string; readonly socket: string }): void {
  const write = (name: string, text: string): void => writeFileSync(path.join(directory, name), text, { mode: 0o600 });
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  write('accounts.key', privateKey);
  write('accounts.pub', publicKey);
  const users = ['admin', 'controllers', 'scheduler', 'deployer'].map((user) => {
    const name = user === 'scheduler' ? 'system:kube-scheduler' : user;
    return `${tokenOf(user)},${name},${user}${MASTERS.includes(user) ? ',system:masters' : ''}`;
  });
  write('tokens.csv', `${users.join('\n')}\n`);
  const connection = { proxyProtocol: 'HTTPConnect', transport: { uds: { udsName: socket } } };
  const egressSelections = [{ name: 'cluster', connection }];
  write(
    'egress.yaml',
    JSON.stringify({ apiVersion: 'apiserver.k8s.io/v1beta1', kind: 'EgressSelectorConfiguration', egressSelections }),
  );
  for (const user of ['controllers', 'scheduler']) {
    const cluster = { server, 'certificate-authority': path.join(directory, 'tls/apiserver.crt') };
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': user, clusters: [{ name: 'here', cluster }] },
      contexts: [{ name: user, context: { cluster: 'here', user } }],
      users: [{ name: user, user: { token: tokenOf(user) } }],
    };
    write(`${user}.kubeconfig`, JSON.stringify(config));
  }
}

const LONGEST_START_MS = 120_000;

async function untilReady(server: string, directory: string, process: ChildProcess): Promise<void> {
  const deadline = Date.now() + LONGEST_START_MS;
  while (Date.now() < deadline && process.exitCode === null) {
    if (await isReady(server, directory)) return;
    await sleep(100);
  }
  const log = readFileSync(path.join(directory, 'log/kube-apiserver'), 'utf8').trim().split('\n').slice(-3).join('\n');
  throw new Error(`the API server doesn't get ready:\n${log}`);
}

async function isReady(server: string, directory: string): Promise<boolean> {
  try {
    const authority = readFileSync(path.join(directory, 'tls/apiserver.crt'), 'utf8');
    const api = new RealApi({ server, authority });
    const { status } = await api.send('/readyz');
    api.close();
    return status === 200;
  } catch {
    // Not there yet: neither the certificate nor the port.
    return false;
  }
}

/** The last first: the store outlives what writes to it. */
async function stopAll(children: readonly ChildProcess[], directory: string): Promise<void> {
  for (const child of children.toReversed()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(timer);
  }
  rmSync(path.join(directory, 'etcd'), { recursive: true, force: true });
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = servers.map(
    (server) =>
      new Promise<number>((resolve) =>
        server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
      ),
  );
  const found = await Promise.all(ports);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return found;
}
