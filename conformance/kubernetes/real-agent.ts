import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { API_HOST } from '../../simulators/kubernetes/cluster.ts';
import { toKubeconfig } from '../../simulators/kubernetes/kubeconfig.ts';
import { snapshotOf } from '../../simulators/kubernetes/snapshot.ts';
import { createFront, type ServicePort } from '../../simulators/kubernetes/traffic/front.ts';
import { agentOn, type KubernetesAgent, type KubernetesAgentOptions } from '../../simulators/kubernetes-agent.ts';
import { setScene } from '../../simulators/kubernetes-scene.ts';
import {
  DEPLOYER,
  DEPLOYMENT,
  type KubernetesStage,
  NAMESPACE,
  SHOP_HOST,
  tokenOf,
} from '../../simulators/kubernetes-stage.ts';
import { openWorld, type World } from '../../simulators/world.ts';
import { wipe } from './cluster-set-up.ts';
import type { Connection } from './control-plane.ts';
import { forwardTo } from './forwarding-host.ts';
import { type Mirror, openMirror } from './mirror.ts';
import { RealApi } from './real-api.ts';
import { openRealKubelet, type RealKubelet } from './real-kubelet.ts';
import { ScaledClock } from './scaled-clock.ts';
import { openWebhook } from './webhook.ts';

const LONGEST_WAIT_MS = 60_000;
const MIRRORED_MS = 150;

/**
 * As `openKubernetesAgent`, on a real control plane. Registries and the load balancer are simulated. `timeFactor`: how
 * many times as fast as the control plane's the clock of all others goes. One agent at a time: they share the namespace,
 * which is emptied before.
 */
export async function openRealKubernetesAgent(
  options: KubernetesAgentOptions,
  connection: Connection,
  timeFactor = 1,
): Promise<KubernetesAgent> {
  const time = new ScaledClock(timeFactor);
  const api = new RealApi(connection);
  await wipe(api);
  const mirror = await openMirror(api);
  const addresses = new Map<string, ServicePort & { readonly lagMs?: number }>([
    [SHOP_HOST, { namespace: NAMESPACE, service: DEPLOYMENT, port: '80' }],
  ]);
  const box: { kubelet: RealKubelet | null } = { kubelet: null };
  const front = createFront(
    {
      objects: mirror.store,
      answer: (ip, port, request) => box.kubelet!.kubelet.answer(ip, port, request),
      ...{ advance: () => {}, now: () => time.now() },
    },
    addresses,
  );
  const world = await openWorld({ ...options, moreHosts: [front, forwardTo(api, API_HOST)] });
  const closeWebhook = await openWebhook(api, world.kubernetes.admission);
  const images = { pull: (image: string, platform?: string) => world.source.pull(image, platform) };
  box.kubelet = await openRealKubelet(api, mirror, { images, socket: connection.socket, time });
  const authority = await readFile(world.edge.env['NODE_EXTRA_CA_CERTS']!, 'utf8');
  const stopClock = time.move(world.clock);
  const stage = realStage(world, { api, kubelet: box.kubelet.kubelet, mirror, addresses, authority, connection, time });
  await setScene(stage, { image: world.publish('v1', {}), ...options.stage });
  const { NODE_OPTIONS: _, SIM_CLOCK_PORT: __, ...env } = world.edge.env;
  const cluster = { store: mirror.store, advance: () => {} };
  const agent = agentOn(world, stage, {
    entries: options.entries,
    env: { ...env, ...time.env },
    snapshot: () => snapshotOf(cluster, NAMESPACE),
  });
  return {
    ...agent,
    // The simulator's snapshot lets everything happen that is due.
    async deploy(inputs, rest) {
      const result = await agent.deploy(inputs, rest);
      await mirror.untilQuiet();
      return result;
    },
    async close() {
      await stopClock();
      await closeWebhook();
      mirror.close();
      await box.kubelet?.close();
      api.close();
      await agent.close();
    },
  };
}

interface Parts {
  readonly api: RealApi;
  readonly kubelet: RealKubelet['kubelet'];
  readonly mirror: Mirror;
  readonly addresses: Map<string, ServicePort & { readonly lagMs?: number }>;
  /** PEM, of the edge. */
  readonly authority: string;
  readonly connection: Connection;
  readonly time: ScaledClock;
}

function realStage(
  world: World,
  { api, kubelet, mirror, addresses, authority, connection, time }: Parts,
): KubernetesStage {
  const server = world.kubernetes.server;
  const stage: KubernetesStage = {
    isReal: true,
    // Only the action goes through the edge, which holds an answer until it has all of it: kubectl's watches never end.
    kubeconfig: (user = DEPLOYER) => {
      const way = user === DEPLOYER ? { server, authority } : connection;
      return toKubeconfig({
        server: way.server,
        authority: way.authority,
        user,
        token: tokenOf(user),
        namespace: NAMESPACE,
      });
    },
    async api(path, ask) {
      const reply = await api.send(path, ask);
      // So that a snapshot, which is of the mirror, knows it too.
      if (ask?.method !== undefined && ask.method !== 'GET') await sleep(MIRRORED_MS);
      return reply;
    },
    async expect(path, ask) {
      const { status, object, text } = await stage.api(path, ask);
      if (status < 300) return object;
      throw new Error(`${ask?.method ?? 'GET'} ${path} was answered with ${status}: ${text.slice(0, 500)}`);
    },
    pass: (ms) => sleep(time.toReal(ms)),
    async until(what, isSo) {
      const deadline = Date.now() + LONGEST_WAIT_MS;
      while (Date.now() < deadline) {
        if (await isSo()) return void (await mirror.untilQuiet());
        await sleep(100);
      }
      throw new Error(`it didn't come about that ${what}`);
    },
    now: () => world.clock.now(),
    every: (ms, visit) => world.clock.every(ms, visit),
    kubelet,
    expose: (hostname, to) => void addresses.set(hostname, to),
    ask: async (path = '/', hostname = SHOP_HOST) => await world.edge.get(`https://${hostname}${path}`),
  };
  return stage;
}
