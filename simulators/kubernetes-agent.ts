import { readFile } from 'node:fs/promises';
import { type Agent, type AgentParts, type Entries, openAgent } from './agent.ts';
import type { SimulatedResponse } from './edge/host.ts';
import { isObject, type JsonObject } from './json.ts';
import { MASTERS } from './kubernetes/access.ts';
import { toKubeconfig } from './kubernetes/kubeconfig.ts';
import { snapshotOf } from './kubernetes/snapshot.ts';
import { setScene } from './kubernetes-scene.ts';
import {
  type ApiAsk,
  type ApiReply,
  DEPLOYER,
  DEPLOYMENT,
  type KubernetesStage,
  NAMESPACE,
  SHOP_HOST,
  type StageOptions,
  tokenOf,
} from './kubernetes-stage.ts';
import { openWorld, SOURCE, type World, type WorldOptions } from './world.ts';

export interface KubernetesAgentOptions extends WorldOptions {
  readonly entries: Entries;
  readonly stage?: Partial<StageOptions>;
}

/** Also with its cluster: what scenarios change there in the middle of things. */
export interface KubernetesAgent extends Agent {
  readonly stage: KubernetesStage;
}

const ADMIN = 'admin';
const LONGEST_WAIT_MS = 60_000;

/** The Deployment `web` in the namespace `shop`, which runs v1 from the source registry with three replicas. */
export async function openKubernetesAgent(options: KubernetesAgentOptions): Promise<KubernetesAgent> {
  const world = await openWorld(options);
  const stage = await openSimulatedStage(world);
  await setScene(stage, { image: world.publish('v1', {}), ...options.stage });
  const snapshot = (): JsonObject => snapshotOf(world.kubernetes, NAMESPACE);
  return agentOn(world, stage, { entries: options.entries, env: world.edge.env, snapshot });
}

/** The action beside a cluster that is set up. */
export function agentOn(
  world: World,
  stage: KubernetesStage,
  parts: Pick<AgentParts, 'entries' | 'env' | 'snapshot'>,
): KubernetesAgent {
  return { ...openAgent({ ...parts, world, url: `https://${SHOP_HOST}`, inputs: usualInputs(stage) }), stage };
}

/** What a workflow passes, beside the image. */
export function usualInputs(stage: KubernetesStage): Record<string, string> {
  return {
    ...{
      target: 'kubernetes',
      kubeconfig: stage.kubeconfig(),
      namespace: NAMESPACE,
      workload: `deployment/${DEPLOYMENT}`,
    },
    ...{ url: `https://${SHOP_HOST}`, 'registry-username': SOURCE.username, 'registry-password': SOURCE.password },
  };
}

/** Nothing is in it: setScene comes next. */
export async function openSimulatedStage(world: World): Promise<KubernetesStage> {
  const { kubernetes, clock, edge } = world;
  for (const name of [ADMIN, DEPLOYER]) {
    kubernetes.access.addUser(tokenOf(name), { name, groups: name === ADMIN ? [MASTERS] : [] });
  }
  kubernetes.addresses.set(SHOP_HOST, { namespace: NAMESPACE, service: DEPLOYMENT, port: '80' });
  const authority = await readFile(edge.env['NODE_EXTRA_CA_CERTS']!, 'utf8');
  const api = async (path: string, ask: ApiAsk = {}): Promise<ApiReply> => {
    const { method = 'GET', body, patch = 'strategic-merge-patch+json', as = ADMIN } = ask;
    const type = method === 'PATCH' ? `application/${patch}` : 'application/json';
    const headers = { authorization: `Bearer ${tokenOf(as)}`, 'content-type': type, 'user-agent': 'stage' };
    const bytes = Buffer.from(body === undefined ? '' : JSON.stringify(body));
    return toReply(
      await kubernetes.request({ method, url: new URL(`${kubernetes.server}${path}`), headers, body: bytes }),
    );
  };
  const stage: KubernetesStage = {
    isReal: false,
    kubeconfig: (user = DEPLOYER) =>
      toKubeconfig({ server: kubernetes.server, authority, user, token: tokenOf(user), namespace: NAMESPACE }),
    api,
    async expect(path, ask) {
      const reply = await api(path, ask);
      if (reply.status < 300) return reply.object;
      throw new Error(`${ask?.method ?? 'GET'} ${path} was answered with ${reply.status}: ${reply.text.slice(0, 500)}`);
    },
    async pass(ms) {
      await clock.advance(ms);
      kubernetes.advance();
    },
    async until(what, isSo) {
      for (let waitedMs = 0; waitedMs <= LONGEST_WAIT_MS; waitedMs += 100) {
        if (await isSo()) return;
        await stage.pass(100);
      }
      throw new Error(`it didn't come about that ${what}`);
    },
    now: () => clock.now(),
    every: (ms, visit) => clock.every(ms, visit),
    kubelet: kubernetes.kubelet,
    expose: (hostname, to) => void kubernetes.addresses.set(hostname, to),
    ask: async (path = '/', hostname = SHOP_HOST) => await edge.get(`https://${hostname}${path}`),
  };
  return stage;
}

function toReply({ status, headers, body }: SimulatedResponse): ApiReply {
  const text = String(body ?? '');
  return { status, object: parseObject(text), text, warning: headers?.['warning'] ?? '' };
}

function parseObject(text: string): JsonObject {
  if (!text.startsWith('{')) return {};
  const document: unknown = JSON.parse(text);
  return isObject(document) ? document : {};
}
