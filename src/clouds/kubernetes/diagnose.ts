import { describeGap, readOptional } from '../../io/read-optional.ts';
import type { Diagnosis } from '../../model/diagnosis.ts';
import type { DeployError } from '../../model/errors.ts';
import { isJsonObject, type JsonObject, textAt, valueAt } from '../../model/json.ts';
import { startHint } from './classify-container.ts';
import { type ClusterWorkload, readObject } from './cluster-workload.ts';
import { readKept } from './history.ts';
import type { PodFailure } from './judge-pods.ts';
import type { KubeOperation } from './kube-operation.ts';
import { containersOf, describeEnd, endOf } from './pod-container.ts';
import type { PodFinding } from './pod-finding.ts';
import { listPodsOf, readEvents, readPods } from './pods.ts';
import { createFailure, describeStatus, readStatus } from './rollout-status.ts';
import { corePath } from './workload-kind.ts';

const MOST_PODS = 3;
const MOST_EVENTS = 8;
const MOST_LOGS = 2;
const LOG_LINES = 50;

/** What the cluster can tell about our revision's pods. What may not be read is named in a line of its own. */
export async function diagnoseRollout(run: ClusterWorkload, operation: KubeOperation): Promise<Diagnosis> {
  const object = await readObject(run);
  const facts: string[] = [];
  const tell = (error: DeployError): void => void facts.push(describeGap(error));
  const optional = { without: 'any', tell } as const;
  const pods = (await readOptional(() => listPodsOf(run, object, operation.kept), optional)) ?? [];
  const readings = (await readOptional(() => readPods(run, pods), optional)) ?? [];
  const troubled = readings.filter(({ findings }) => findings.length > 0).slice(0, MOST_PODS);
  const refusal = await readOptional(() => findRefusal(run, operation), optional);
  facts.push(`${operation.revision}: ${describeStatus(readStatus(object, run.kind))}`);
  if (refusal) facts.push(`no pod can be created: ${refusal}`);
  for (const { pod, findings } of troubled)
    facts.push(...describePod(pod, findings), ...(await describeEvents(run, pod)));
  const worst = worstOf(troubled);
  const logs = await readLogs(run, pods);
  // Container runtimes say it in the log alone.
  const isForeign = logs.some(({ lines }) => lines.some((line) => line.includes('exec format error')));
  return {
    cause: worst?.message ?? refusal ?? null,
    hint: isForeign ? startHint('exec format error') : (worst?.hint ?? null),
    facts,
    logs,
  };
}

async function findRefusal(run: ClusterWorkload, { kept }: KubeOperation): Promise<string | null> {
  if (run.kind.history !== 'replicasets') return null;
  const replicaSet = await readKept(run, kept.name);
  return replicaSet && createFailure(replicaSet.object);
}

type Troubled = { readonly pod: JsonObject; readonly findings: readonly PodFinding[] };

/** What is fatal soonest. */
function worstOf(troubled: readonly Troubled[]): Pick<PodFailure, 'message' | 'hint'> | null {
  const all = troubled.flatMap(({ pod, findings }) => findings.map((finding) => ({ pod, finding })));
  const rank = ({ finding }: (typeof all)[number]): number => finding.fatalAfterMs ?? Number.POSITIVE_INFINITY;
  const [first] = all.sort((one, other) => rank(one) - rank(other));
  if (!first) return null;
  const { container, reason, message, hint } = first.finding;
  const where = container === '' ? '' : `, container ${container}`;
  return { message: `pod ${textAt(first.pod, 'metadata', 'name')}${where}: ${reason}: ${message}`, hint };
}

function describePod(pod: JsonObject, findings: readonly PodFinding[]): readonly string[] {
  const [name, node] = [textAt(pod, 'metadata', 'name'), textAt(pod, 'spec', 'nodeName')];
  const where = node === '' ? 'on no node' : `on node ${node}`;
  return [
    `pod ${name} (${textAt(pod, 'status', 'phase')}, ${where})`,
    ...findings.map(
      ({ container, reason, message }) => `  ${container === '' ? '' : `${container}: `}${reason}: ${message}`,
    ),
    ...containersOf(pod).flatMap((one) => {
      const end = endOf(one);
      return end && end.exitCode !== 0 ? [`  ${textAt(one.status, 'name')}: last ended with ${describeEnd(end)}`] : [];
    }),
  ];
}

async function describeEvents(run: ClusterWorkload, pod: JsonObject): Promise<readonly string[]> {
  const events = (await readEvents(run, pod)).filter(({ type }) => type !== 'Normal');
  return events.slice(-MOST_EVENTS).map(({ reason, message, count }) => {
    const times = count > 1 ? ` (${count} times)` : '';
    return `  event ${reason}: ${message}${times}`;
  });
}

/** Of containers that have ended or are not ready: one that was started again has its last words in its previous log. */
async function readLogs(run: ClusterWorkload, pods: readonly JsonObject[]): Promise<Diagnosis['logs']> {
  const sources = pods.flatMap((pod) =>
    containersOf(pod)
      .filter((one) => one.status['ready'] !== true && !(one.kind === 'init' && endOf(one)?.exitCode === 0))
      .filter((one) => one.status['started'] === true || endOf(one) !== null || isRunning(one.status))
      .map((one) => ({ pod: textAt(pod, 'metadata', 'name'), container: textAt(one.status, 'name'), end: endOf(one) })),
  );
  const logs: Diagnosis['logs'][number][] = [];
  for (const { pod, container, end } of sources.slice(0, MOST_LOGS)) {
    const path = `${corePath('pods', run.namespace)}/${encodeURIComponent(pod)}/log`;
    const previous = end && !end.isNow ? { previous: 'true' } : {};
    const query = { container, tailLines: LOG_LINES, ...previous };
    const tell = ({ message }: DeployError): void => run.io.log.debug(message);
    const text = await readOptional(() => run.api.text(path, query), { without: 'any', tell });
    const lines = (text ?? '').trimEnd().split('\n').slice(-LOG_LINES);
    if (text?.trim()) logs.push({ source: `pod ${pod}, container ${container}`, lines });
  }
  return logs;
}

function isRunning(status: JsonObject): boolean {
  return isJsonObject(valueAt(status, 'state', 'running'));
}
