import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeMachine } from '../../bench/machine.ts';
import { markdownTable } from '../../bench/markdown-table.ts';
import { writeBetweenMarkers } from '../../bench/write-between-markers.ts';
import { objectsAt } from '../../simulators/json.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { paths } from '../../simulators/kubernetes-stage.ts';
import { actionEntries } from '../action-entries.ts';
import { runProgram, runWell } from '../run-program.ts';
import { findControlPlane } from './find-control-plane.ts';
import { openRealKubernetesAgent } from './real-agent.ts';
import { startCluster } from './start.ts';
import { setImage, type VerdictState, verdictStates } from './verdict-states.ts';

// The time from the first evidence to a verdict, ours and that of `kubectl rollout status`, in the same states of a real
// control plane and in real time: a table in docs/conformance.md.

/** Of the Deployment: what `kubectl rollout status` waits for, ten minutes by default. */
const DEADLINE_SECONDS = 30;
/** Longer than that, so that kubectl ends by itself where it does at all. */
const KUBECTL_TIMEOUT_SECONDS = 60;
const DOCUMENT = path.resolve(import.meta.dirname, '../../docs/conformance.md');

const program = findControlPlane();
const cluster = await startCluster();
if (!program || !cluster) process.stdout.write('skipped: conformance/kubernetes/install builds the control plane\n');
else {
  const rows: (readonly string[])[] = [['state', 'deploy-agent', '`kubectl rollout status`']];
  try {
    for (const state of verdictStates) {
      const ours = await withAgent(state, (agent) => deployOurs(agent, state));
      const theirs = await withAgent(state, (agent) => waitWithKubectl(agent, state, program));
      rows.push([state.title, ours, theirs]);
      process.stdout.write(`${state.title}: ${ours}, kubectl: ${theirs}\n`);
    }
  } finally {
    await cluster.stop();
  }
  const version = /GitVersion:"([^"]+)"|Client Version: (\S+)/.exec(
    await runWell(program, ['kubectl', 'version', '--client']),
  );
  const from = `${new Date().toISOString().slice(0, 10)}, Kubernetes and kubectl ${version?.[1] ?? version?.[2]}; ${describeMachine()}.`;
  const how = `\`progressDeadlineSeconds\` is ${DEADLINE_SECONDS} (Kubernetes' default is 600), and kubectl has \`--timeout=${KUBECTL_TIMEOUT_SECONDS}s\`.`;
  await writeBetweenMarkers(DOCUMENT, 'verdict times', `${markdownTable(rows)}\n\n${from} ${how}`);
}

async function withAgent(state: VerdictState, run: (agent: KubernetesAgent) => Promise<string>): Promise<string> {
  const spec = { progressDeadlineSeconds: DEADLINE_SECONDS };
  const agent = await openRealKubernetesAgent(
    { entries: actionEntries(), stage: { spec, ...state.stage } },
    cluster!.connection,
  );
  try {
    await state.arrange?.(agent);
    return await run(agent);
  } finally {
    // What a client of the cluster left open is no part of what is measured.
    await agent.close().catch((error: unknown) => process.stderr.write(`${error}\n`));
  }
}

function imageOf(agent: KubernetesAgent, { behaviour }: VerdictState): string {
  const image = agent.world.publish('v2', behaviour ?? {});
  return behaviour ? image : image.replace(/:v2$/, ':gone');
}

/** Notes when the evidence first stood in a status. */
function watchFor({ stage }: KubernetesAgent, { evidence }: VerdictState): { at: number | null } {
  const found: { at: number | null } = { at: null };
  const stop = stage.every(200, async () => {
    const lists = await Promise.all([paths.pods, paths.replicaSets].map((list) => stage.api(list).catch(() => null)));
    const statuses = lists
      .flatMap((reply) => objectsAt(reply?.object, 'items'))
      .map(({ status }) => JSON.stringify(status));
    if (!statuses.some((status) => evidence.test(status))) return;
    found.at ??= Date.now();
    stop();
  });
  return found;
}

/** From the evidence to the first request that restores. */
async function deployOurs(agent: KubernetesAgent, state: VerdictState): Promise<string> {
  const patches: number[] = [];
  agent.world.edge.onExchange(({ operation }) => {
    if (/^kubernetes:patch (?:deployments|statefulsets)$/.test(operation)) patches.push(Date.now());
  });
  const evidence = watchFor(agent, state);
  // By digest an image is taken as it is; here it has to be missing for the cluster alone.
  const isGone = state.behaviour === undefined;
  const image = isGone ? agent.world.publish('v2', {}) : imageOf(agent, state);
  if (isGone) agent.stage.kubelet.troubles.push({ image: '@sha256', kind: 'denied' });
  const inputs = state.isSet ? { workload: 'statefulset/db', url: '' } : { 'smoke-tests': '- GET /' };
  const { main } = await agent.deploy({ image, ...inputs });
  const after = patches.find((at) => evidence.at !== null && at >= evidence.at);
  const outcome = main.outputs['outcome'] ?? 'no outcome';
  return after === undefined ? outcome : `${((after - evidence.at!) / 1_000).toFixed(1)}s (${outcome})`;
}

async function waitWithKubectl(agent: KubernetesAgent, state: VerdictState, kubectl: string): Promise<string> {
  const evidence = watchFor(agent, state);
  const home = await mkdtemp(path.join(tmpdir(), 'kubectl-'));
  const file = path.join(home, 'config');
  await writeFile(file, agent.stage.kubeconfig('admin'), { mode: 0o600 });
  const { NODE_OPTIONS: _, SIM_CLOCK_PORT: __, ...env } = agent.world.edge.env;
  await setImage(agent, state, imageOf(agent, state));
  const workload = state.isSet ? 'statefulset/db' : 'deployment/web';
  const args = ['kubectl', 'rollout', 'status', workload, `--timeout=${KUBECTL_TIMEOUT_SECONDS}s`];
  const { exitCode, stderr } = await runProgram(kubectl, args, {
    env: { ...env, HOME: home, KUBECONFIG: file },
    timeoutMs: (KUBECTL_TIMEOUT_SECONDS + 60) * 1_000,
  });
  const endedAt = Date.now();
  await rm(home, { recursive: true, force: true });
  if (exitCode === 0) return 'green: false';
  const isOver = /timed out waiting for the condition/.test(stderr);
  if (isOver) return `none in ${KUBECTL_TIMEOUT_SECONDS}s`;
  return evidence.at === null ? `red` : `${((endedAt - evidence.at) / 1_000).toFixed(1)}s`;
}
