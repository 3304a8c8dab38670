import { DeployError } from '../../model/errors.ts';
import { type JsonObject, numberAt, objectAt, textAt } from '../../model/json.ts';
import { joinSentences } from '../../model/sentences.ts';
import { type ClusterWorkload, sayOnce } from './cluster-workload.ts';
import { findOwners } from './ownership.ts';
import { desiredReplicas } from './rollout-status.ts';

/**
 * Refuses what no rollout would come of, all reasons at once, and says who else manages the workload.
 * @throws DeployError UNSUPPORTED
 */
export function ensureDeployable(run: ClusterWorkload, object: JsonObject): void {
  const reasons = findReasons(run, object);
  if (reasons.length > 0) {
    const why = reasons.map((reason) => reason.why).join('; ');
    const hint = joinSentences(...new Set(reasons.map((reason) => reason.next)));
    throw new DeployError('UNSUPPORTED', `could not deploy to ${run.resource}: ${why}`, { hint });
  }
  if (isEmpty(run, object)) sayOnce(run, 'warning', `${run.resource} has no pods: nothing runs, so nothing is tested.`);
  for (const { note, isWarning } of findOwners(object)) sayOnce(run, isWarning ? 'warning' : 'info', note);
}

interface Reason {
  readonly why: string;
  readonly next: string;
}

function findReasons(run: ClusterWorkload, object: JsonObject): readonly Reason[] {
  const { kind, name, namespace } = run;
  const reasons: Reason[] = [];
  const spec = objectAt(object, 'spec');
  const of = `${kind.word}/${name} --namespace ${namespace}`;
  if (textAt(object, 'metadata', 'deletionTimestamp') !== '') {
    reasons.push({ why: 'it is being deleted', next: 'Create it again, then run again.' });
  }
  if (spec['paused'] === true) {
    reasons.push({
      why: 'it is paused, so no change would be rolled out',
      next: `Resume it (kubectl rollout resume ${of}).`,
    });
  }
  if (textAt(spec, 'updateStrategy', 'type') === 'OnDelete') {
    const why = 'its update strategy is OnDelete, so no pod would be replaced';
    reasons.push({ why, next: 'Set `updateStrategy.type` to RollingUpdate.' });
  }
  const partition = kind.name === 'StatefulSet' ? numberAt(spec, 'updateStrategy', 'rollingUpdate', 'partition') : 0;
  if (partition > 0) {
    const why = `its update strategy has the partition ${partition}, so the pods below it would not be updated`;
    reasons.push({ why, next: 'Remove the partition.' });
  }
  if (isEmpty(run, object) && !run.allowsEmpty) reasons.push(nothingRuns(kind.name, of));
  return reasons;
}

/** Is there to be no pod of it? */
export function isEmpty({ kind }: Pick<ClusterWorkload, 'kind'>, object: JsonObject): boolean {
  if (kind.name === 'DaemonSet') return numberAt(object, 'status', 'desiredNumberScheduled') === 0;
  return desiredReplicas(object) === 0;
}

/** The controller calls zero pods complete, also with an image that does not exist. */
function nothingRuns(kind: string, of: string): Reason {
  if (kind === 'DaemonSet') {
    const next =
      'Correct its node selector and tolerations, so that it has a pod somewhere. To deploy without any test, set `allow-empty: true`.';
    return { why: 'no node matches it, so nothing would run and nothing would be tested', next };
  }
  return {
    why: 'it is scaled to 0, so nothing would run and nothing would be tested',
    next: `Scale it up (kubectl scale ${of} --replicas=1), or raise the least number of replicas of its autoscaler (HPA, KEDA). To deploy without any test, set \`allow-empty: true\`.`,
  };
}
