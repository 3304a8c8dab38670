import { type JsonObject, objectAt, objectsAt, textAt } from '../../json.ts';
import { nameOf, namespaceOf } from '../object.ts';
import { CONFIG_MAPS, PODS, SECRETS } from '../resources.ts';
import type { ObjectSource } from '../store.ts';

/** What a container refers to and can't have; null: nothing. In the kubelet's words. */
export function missingReference(objects: ObjectSource, namespace: string, container: JsonObject): string | null {
  const variables = objectsAt(container, 'env').map((variable) => objectAt(variable, 'valueFrom'));
  const problems = [
    ...objectsAt(container, 'envFrom').map((from) => {
      return missing(objects, namespace, { secret: objectAt(from, 'secretRef'), map: objectAt(from, 'configMapRef') });
    }),
    ...variables.map((from) => {
      return missing(objects, namespace, {
        secret: objectAt(from, 'secretKeyRef'),
        map: objectAt(from, 'configMapKeyRef'),
      });
    }),
  ];
  return problems.find((problem) => problem !== null) ?? null;
}

/** A volume of the pod that can't be mounted; null: none. */
export function missingVolume(objects: ObjectSource, namespace: string, pod: JsonObject): string | null {
  for (const volume of objectsAt(pod, 'spec', 'volumes')) {
    const secret = textAt(volume, 'secret', 'secretName');
    const map = textAt(volume, 'configMap', 'name');
    const failed = `MountVolume.SetUp failed for volume "${textAt(volume, 'name')}" :`;
    if (secret !== '' && objectAt(volume, 'secret')['optional'] !== true && !objects.find(SECRETS, namespace, secret))
      return `${failed} secret "${secret}" not found`;
    if (map !== '' && objectAt(volume, 'configMap')['optional'] !== true && !objects.find(CONFIG_MAPS, namespace, map))
      return `${failed} configmap "${map}" not found`;
  }
  return null;
}

/**
 * A claim that a pod on another node has: every claim here is ReadWriteOnce. In the words of the attach/detach controller; null: none.
 * https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes
 */
export function volumeInUse(objects: ObjectSource, pod: JsonObject): string | null {
  const node = textAt(pod, 'spec', 'nodeName');
  const others = objects.list(PODS, namespaceOf(pod)).filter((other) => {
    const isOver = ['Failed', 'Succeeded'].includes(textAt(other, 'status', 'phase'));
    return !isOver && nameOf(other) !== nameOf(pod) && !['', node].includes(textAt(other, 'spec', 'nodeName'));
  });
  for (const claim of claimsOf(pod)) {
    const users = others.filter((other) => claimsOf(other).includes(claim)).map(nameOf);
    if (users.length > 0)
      return `Multi-Attach error for volume "pvc-${claim}" Volume is already used by pod(s) ${users.join(', ')}`;
  }
  return null;
}

function claimsOf(pod: JsonObject): readonly string[] {
  const claims = objectsAt(pod, 'spec', 'volumes').map((volume) =>
    textAt(volume, 'persistentVolumeClaim', 'claimName'),
  );
  return claims.filter((claim) => claim !== '');
}

function missing(
  objects: ObjectSource,
  namespace: string,
  { secret, map }: { readonly secret: JsonObject; readonly map: JsonObject },
): string | null {
  const [reference, kind, word, title] =
    textAt(secret, 'name') === ''
      ? ([map, CONFIG_MAPS, 'configmap', 'ConfigMap'] as const)
      : ([secret, SECRETS, 'secret', 'Secret'] as const);
  const name = textAt(reference, 'name');
  if (name === '' || reference['optional'] === true) return null;
  const found = objects.find(kind, namespace, name);
  if (!found) return `${word} "${name}" not found`;
  const key = textAt(reference, 'key');
  const keys = { ...objectAt(found, 'data'), ...objectAt(found, 'stringData'), ...objectAt(found, 'binaryData') };
  return key === '' || Object.hasOwn(keys, key) ? null : `couldn't find key ${key} in ${title} ${namespace}/${name}`;
}

/** A container that must not run as root, of whose user that can't be told; null: it can, or it may. */
export function unverifiedUser(pod: JsonObject, container: JsonObject, imageUser: string | undefined): string | null {
  const contexts = [objectAt(container, 'securityContext'), objectAt(pod, 'spec', 'securityContext')];
  const find = (name: string) => contexts.map((context) => context[name]).find((value) => value !== undefined);
  const user = find('runAsUser');
  if (find('runAsNonRoot') !== true || (typeof user === 'number' && user !== 0)) return null;
  if (user === 0) return "container's runAsUser breaks non-root policy";
  // Of the images of a world nothing is said: theirs is a number.
  if (imageUser === undefined || /^\d+$/.test(imageUser)) return null;
  return `container has runAsNonRoot and image has non-numeric user (${imageUser}), cannot verify user is non-root`;
}
