import { isObject, type JsonObject, objectAt, objectsAt, textAt } from '../../simulators/json.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { DEPLOYMENT, NAMESPACE, paths } from '../../simulators/kubernetes-stage.ts';

export interface TrafficWatch {
  /** Of the public: several requests a second. */
  readonly answers: readonly { readonly at: number; readonly status: number; readonly version: string }[];
  /** Who got requests, by version: `new 1, old 4`; only what lasted for seven seconds. */
  readonly tables: readonly string[];
  /** Answers that were no success, and moments in which no pod was ready. */
  readonly failed: readonly string[];
  stop(): void;
}

/** On a control plane each request takes a while, and its clock must not fall behind. */
const everyMs = ({ stage }: KubernetesAgent): number => (stage.isReal ? 500 : 250);
const LASTING_MS = 7_000;

/** Asks the public address, and notes who is behind the Service. */
export function watchTraffic(agent: KubernetesAgent, hostname?: string): TrafficWatch {
  const answers: TrafficWatch['answers'][number][] = [];
  const tables: string[] = [];
  const failed: string[] = [];
  const lasting = LASTING_MS / everyMs(agent);
  let last = { table: '', count: lasting };
  const note = async (): Promise<void> => {
    const at = agent.stage.now();
    const { status, body } = await agent.stage.ask('/who', hostname);
    answers.push({ at, status, version: body });
    if (status >= 400) failed.push(`${at}: ${status} ${body}`);
    const table = await tableOf(agent);
    if (table === '') failed.push(`${at}: no pod is ready`);
    last = { table, count: table === last.table || last.table === '' ? last.count + 1 : 1 };
    if (last.count >= lasting && tables.at(-1) !== table) tables.push(table);
  };
  return { answers, tables, failed, stop: agent.stage.every(everyMs(agent), note) };
}

/** `new 1, old 4`: the pods to which the Service sends requests, by their images. */
export async function tableOf({ stage }: KubernetesAgent, service = DEPLOYMENT): Promise<string> {
  const selector = `labelSelector=${encodeURIComponent(`kubernetes.io/service-name=${service}`)}`;
  const path = `/apis/discovery.k8s.io/v1/namespaces/${NAMESPACE}/endpointslices?${selector}`;
  const slices = objectsAt(await stage.expect(path), 'items');
  const pods = objectsAt(await stage.expect(paths.pods), 'items');
  const ready = slices.flatMap((slice) => objectsAt(slice, 'endpoints')).filter(isReady);
  const counts = new Map<string, number>();
  for (const endpoint of ready) {
    const name = textAt(endpoint, 'targetRef', 'name');
    const version = versionOf(pods.find((pod) => textAt(pod, 'metadata', 'name') === name));
    counts.set(version, (counts.get(version) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([one], [other]) => (one < other ? -1 : 1));
  return sorted.map(([version, count]) => `${version} ${count}`).join(', ');
}

function isReady(endpoint: JsonObject): boolean {
  return objectAt(endpoint, 'conditions')['ready'] === true;
}

/** The first image of a scenario is deployed by its tag, and each new one by its digest. */
function versionOf(pod: JsonObject | undefined): string {
  if (!isObject(pod)) return 'gone';
  const image = textAt(objectsAt(pod, 'spec', 'containers')[0], 'image');
  return image.includes('@') ? 'new' : 'old';
}

/** Something happens once in the middle of a run, this long after now. */
export function inTheMiddle({ stage }: KubernetesAgent, ms: number, act: () => Promise<unknown>): void {
  const at = stage.now() + ms;
  const stop = stage.every(1_000, async () => {
    if (stage.now() < at) return;
    stop();
    await act();
  });
}

/** Is anything there that is made beside the Deployment? */
export async function isCopyThere({ stage }: KubernetesAgent): Promise<boolean> {
  const all = [paths.deployments, paths.replicaSets, paths.pods, paths.services].map(async (path) =>
    objectsAt(await stage.expect(path), 'items'),
  );
  const names = (await Promise.all(all)).flat().map((object) => textAt(object, 'metadata', 'name'));
  return names.some((name) => name.startsWith(`${DEPLOYMENT}-canary`));
}

/** What the new version answered to the public before its smoke tests had passed on it. */
export function servedBeforeTests(agent: KubernetesAgent, { answers }: TrafficWatch, version = 'v2') {
  // Requests to a real control plane are not recorded.
  if (agent.stage.isReal) return [];
  const tested = agent.world.edge.calls.find(
    ({ operation, status }) => operation === 'workload:POST /predict' && status === 200,
  );
  return answers.filter((answer) => answer.version === version && answer.at <= (tested?.at ?? Infinity));
}
