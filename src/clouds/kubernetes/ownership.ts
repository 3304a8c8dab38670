import { type JsonObject, listAt, objectAt, textAt } from '../../model/json.ts';
import { type OwnershipRecord, takenBelow } from './managed-fields.ts';

/** Another tool that takes this workload for its own, and what that means for a deployment. */
export interface Owner {
  readonly name: string;
  /** One or two sentences. */
  readonly note: string;
  /** It will change the template again by itself. */
  readonly isWarning: boolean;
}

/** By the labels and annotations that these tools set, and by the owner of the object. Pure. */
export function findOwners(object: JsonObject): readonly Owner[] {
  const labels = objectAt(object, 'metadata', 'labels');
  const annotations = objectAt(object, 'metadata', 'annotations');
  return [...findControllers(object), ...findGitOps(labels, annotations), ...findHelm(labels, annotations)];
}

/** Flagger's primary, Argo Rollouts, an operator: what owns the object writes it again. */
function findControllers(object: JsonObject): readonly Owner[] {
  return listAt(object, 'metadata', 'ownerReferences')
    .filter((owner) => owner['controller'] === true)
    .map((owner) => {
      const name = `${textAt(owner, 'kind')} ${textAt(owner, 'name')}`;
      const note = `It belongs to ${name} (${textAt(owner, 'apiVersion')}), whose controller may set the pod template back. Deploy by changing that instead.`;
      return { name, note, isWarning: true };
    });
}

function findGitOps(labels: JsonObject, annotations: JsonObject): readonly Owner[] {
  const owners: Owner[] = [];
  const argo = textAt(annotations, 'argocd.argoproj.io/tracking-id') || textAt(labels, 'argocd.argoproj.io/instance');
  if (argo !== '') {
    const note = `Argo CD manages it (${argo.split(':')[0]}): with self-heal it sets the image back. Change the image in Git too, or let the Application ignore it (ignoreDifferences with managedFieldsManagers: deploy-agent).`;
    owners.push({ name: 'Argo CD', note, isWarning: true });
  }
  const flux = ['kustomize', 'helm']
    .map((kind) => textAt(labels, `${kind}.toolkit.fluxcd.io/name`))
    .find((name) => name !== '');
  if (flux) {
    const note = `Flux manages it (${flux}): its next reconciliation sets the image back. Change the image in Git too, or suspend it (flux suspend).`;
    owners.push({ name: 'Flux', note, isWarning: true });
  }
  return owners;
}

function findHelm(labels: JsonObject, annotations: JsonObject): readonly Owner[] {
  const release = textAt(annotations, 'meta.helm.sh/release-name');
  if (release === '' && textAt(labels, 'app.kubernetes.io/managed-by') !== 'Helm') return [];
  const called = release === '' ? '' : ` (release ${release})`;
  const note = `Helm installed it${called}: the next helm upgrade sets the image of its values. Set the same image there.`;
  return [{ name: 'Helm', note, isWarning: false }];
}

const TEMPLATE = ['f:spec', 'f:template'];

/**
 * What the user should know after a success: our claim on the fields stays (a conflict that is seen is better than an image
 * that silently goes back).
 */
export function describeConflicts(record: OwnershipRecord): readonly string[] {
  const owners = takenBelow(record, TEMPLATE);
  const applied = [...new Set(owners.filter(({ operation }) => operation === 'Apply').map(({ manager }) => manager))];
  const clientSide = owners.some(({ manager }) => manager === 'kubectl-client-side-apply');
  return [
    ...applied.map((manager) => describeApply(manager)),
    ...(clientSide
      ? ['The manifest that kubectl apply used has another image: the next kubectl apply sets it back without a word.']
      : []),
  ];
}

function describeApply(manager: string): string {
  const what = `${manager} had applied the image, which deploy-agent set now`;
  if (/^helm/i.test(manager)) {
    return `${what}: the next helm upgrade with another image reports a conflict with "deploy-agent". Set the image of this deployment in the values, or pass --force-conflicts.`;
  }
  if (/argocd/i.test(manager)) {
    return `${what}: the next sync of Argo CD takes it back. Change the image in Git too.`;
  }
  return `${what}: its next apply with another image reports a conflict with "deploy-agent". Apply the same image, or pass --force-conflicts.`;
}
