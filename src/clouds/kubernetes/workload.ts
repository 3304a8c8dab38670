import { readIfPossible } from '../../io/read-optional.ts';
import { DeployError } from '../../model/errors.ts';
import { type JsonObject, textAt } from '../../model/json.ts';
import { nearest } from '../../model/nearest.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { Capabilities, Workload } from '../../model/workload.ts';
import type { CloudContext } from '../target.ts';
import { captureRestorePoint, readRollbackTarget } from './capture.ts';
import { type ClusterWorkload, readObject } from './cluster-workload.ts';
import { prepareChange } from './deploy.ts';
import { diagnoseRollout } from './diagnose.ts';
import { liveEndpoint } from './endpoint.ts';
import { isEmpty } from './ensure-deployable.ts';
import { findOperation, isLive } from './find-operation.ts';
import { finishRollout } from './finish.ts';
import { openInside } from './in-cluster/open-inside.ts';
import type { OpenKubernetes } from './inputs.ts';
import type { KubeOperation } from './kube-operation.ts';
import { openMarkerControl } from './marker-control.ts';
import { watchRollout } from './observe.ts';
import { planChange } from './plan.ts';
import { openReadiness } from './readiness.ts';
import { openRestore } from './restore.ts';
import { previousRevision } from './restore-data.ts';
import type { SplitSettings } from './split/inputs.ts';
import type { RollingWorkload } from './split/split-workload.ts';
import { withSplit } from './split/with-split.ts';
import { listPath, type WorkloadKind } from './workload-kind.ts';

export interface KubernetesSettings {
  readonly kind: WorkloadKind;
  readonly name: string;
  /** '': that of the kubeconfig's context. */
  readonly namespace: string;
  readonly allowsEmpty: boolean;
  readonly openCluster: OpenKubernetes;
  readonly split: SplitSettings;
}

/** Finds the workload. @throws DeployError NOT_FOUND, AUTH_FAILED, PERMISSION_DENIED, NETWORK. */
export async function openKubernetes(settings: KubernetesSettings, context: CloudContext): Promise<Workload> {
  const { kind, name } = settings;
  const api = await settings.openCluster(context);
  const namespace = settings.namespace || api.defaultNamespace;
  const run: ClusterWorkload = {
    ...{ kind, name, namespace, api, io: context.io, signal: context.signal },
    path: `${listPath(kind.plural, namespace)}/${encodeURIComponent(name)}`,
    resource: `${kind.word} ${name} in namespace ${namespace}, ${api.cluster}`,
    ...{ allowsEmpty: settings.allowsEmpty, said: new Set(), done: new Map() },
  };
  await findObject(run);
  const rolling = { ...openRolling(run), inside: openInside(run, settings.split.service) };
  return kind.name === 'Deployment' ? await withSplit(rolling, run, settings.split) : rolling;
}

const CAPABILITIES: Capabilities = { traffic: null, preview: false, changes: ['edit'], remedy: null };

function openRolling(run: ClusterWorkload): RollingWorkload {
  const seen = { run: null };
  return {
    resource: run.resource,
    capabilities: CAPABILITIES,
    consoleUrl: null,
    logs: { url: null, command: formatLogsCommand(run) },
    // Each change of ours carries the resourceVersion of the object that it was made for.
    fencesLateCalls: true,
    readiness: openReadiness(run, seen),
    capture: () => captureRestorePoint(run, seen),
    rollbackTarget: async (point) => readRollbackTarget(run, point),
    plan: (change) => planChange(run, change),
    prepare: (change) => prepareChange(run, change),
    findOperation: (mark, point) => findOperation(run, { mark, point }),
    watch: (operation: KubeOperation) => watchRollout(run, operation),
    traffic: null,
    marker: openMarkerControl(run),
    finish: (operation: KubeOperation, point) => finishRollout(run, operation, point),
    preview: async () => [],
    diagnose: (operation: KubeOperation) => diagnoseRollout(run, operation),
    restore: openRestore(run),
    nothingRuns: async () => run.allowsEmpty && isEmpty(run, await readObject(run)),
    isLive: (mark) => isLive(run, mark),
    endpoint: (url) => liveEndpoint(run, url),
    restoreCommand: (point) => formatRestoreCommand(run, point),
  };
}

async function findObject(run: ClusterWorkload): Promise<JsonObject> {
  try {
    return await readObject(run);
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== 'NOT_FOUND') throw error;
    throw await withNearest(run, error);
  }
}

const MOST_NAMES = 10;

/** Names the workloads that exist, if they may be listed. */
async function withNearest(run: ClusterWorkload, error: DeployError): Promise<DeployError> {
  const { api, kind, namespace, name, io } = run;
  const list = () => api.list(listPath(kind.plural, namespace));
  const found = (await readIfPossible(io.log, `the names of the ${kind.plural}`, list)) ?? [];
  const names = found.map((object) => textAt(object, 'metadata', 'name'));
  const likely = nearest(name, names);
  const available = names.length === 0 ? '' : ` Available ${kind.plural}: ${names.slice(0, MOST_NAMES).join(', ')}.`;
  const hint = likely ? `Did you mean \`${kind.word}/${likely}\`?${available}` : `${error.hint ?? ''}${available}`;
  return new DeployError('NOT_FOUND', `could not find ${run.resource}: there is none of this name`, {
    hint,
    cause: error,
  });
}

function formatLogsCommand({ kind, name, namespace }: ClusterWorkload): string {
  return `kubectl logs ${kind.word}/${name} --namespace ${namespace} --all-containers --prefix --tail 100`;
}

function formatRestoreCommand({ kind, name, namespace }: ClusterWorkload, point: RestorePoint): string {
  const revision = previousRevision(point);
  const command = `kubectl rollout ${revision === '' ? 'history' : 'undo'} ${kind.word}/${name} --namespace ${namespace}`;
  return revision === '' ? command : `${command} --to-revision=${revision}`;
}
