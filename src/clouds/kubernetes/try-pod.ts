import { readOptional } from '../../io/read-optional.ts';
import { DeployError, isTransient } from '../../model/errors.ts';
import { type JsonObject, objectAt } from '../../model/json.ts';
import { joinSentences } from '../../model/sentences.ts';
import { isAllowed } from './access-review.ts';
import { ApiRefusal } from './api.ts';
import { type ClusterWorkload, sayOnce } from './cluster-workload.ts';
import { maxUnavailableOf } from './create-failure.ts';
import { showWarnings } from './expected-template.ts';
import { desiredReplicas } from './rollout-status.ts';
import { corePath } from './workload-kind.ts';

/**
 * What no dry run of the workload shows, one of a pod does: a quota, Pod Security, a ServiceAccount that isn't there. Needs
 * the permission to create pods, which most deployers don't have: then it is left out.
 * @throws DeployError DEPLOY_REJECTED where each pod of the rollout would be refused
 */
export async function tryPod(run: ClusterWorkload, object: JsonObject, template: JsonObject): Promise<void> {
  const tell = ({ message }: DeployError): void => run.io.log.debug(`${message}; going on without a dry run of a pod`);
  const ask = () => isAllowed(run, { verb: 'create', group: '', resource: 'pods' });
  if (!(await readOptional(ask, { without: 'any', tell }))) {
    run.io.log.debug('not allowed to create pods: quota and Pod Security show only when the controller creates one');
    return;
  }
  try {
    const { warnings } = await createDry(run, template);
    showWarnings(run, warnings);
  } catch (error) {
    // It only helps: what fails for another reason is no reason to deploy nothing.
    if (isTransient(error)) return tell(error as DeployError);
    if (!(error instanceof ApiRefusal)) throw error;
    judge(run, object, error);
  }
}

function createDry(run: ClusterWorkload, template: JsonObject) {
  const metadata = { ...objectAt(template, 'metadata'), generateName: `${run.name}-`, namespace: run.namespace };
  const body = { apiVersion: 'v1', kind: 'Pod', metadata, spec: template['spec'] };
  return run.api.change({ method: 'POST', path: corePath('pods', run.namespace), query: { dryRun: 'All' }, body });
}

/** A policy may treat the controller otherwise than this user: only what is the same for both refuses the deployment. */
function judge(run: ClusterWorkload, object: JsonObject, error: ApiRefusal): void {
  const isQuota = /exceeded quota/i.test(error.message);
  // A pod that the rollout takes away first makes room.
  const hasRoom = isQuota && maxUnavailableOf(object, desiredReplicas(object)) > 0;
  const isSameForAll = isQuota || /violates PodSecurity|service ?account/i.test(error.message);
  if (isSameForAll && !hasRoom) {
    const why = `could not deploy to ${run.resource}: none of its pods could be created: ${error.message}`;
    throw new DeployError('DEPLOY_REJECTED', why, { hint: error.hint ?? HINT, cause: error });
  }
  const next = isQuota
    ? 'The rollout waits until a pod has ended'
    : 'The controller may be treated otherwise, so the rollout goes on';
  sayOnce(run, 'warning', joinSentences(`A pod of the new template would be refused now: ${error.message}`, next));
}

const HINT = 'Correct what the API server names here, then run again.';
