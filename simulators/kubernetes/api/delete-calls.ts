import type { JsonObject } from '../../json.ts';
import { deleteObject } from '../delete.ts';
import { nameOf, uidOf } from '../object.ts';
import { PODS, QUOTAS, type ResourceKind, SERVICE_ACCOUNTS, SERVICES } from '../resources.ts';
import { type ApiAnswer, type ApiCall, isDryRun, readBody } from './api-call.ts';
import { detailsOf } from './api-error.ts';
import { filterOf, findObject, listObjects } from './read-calls.ts';

/** Even when it is gone at once. */
const ANSWERED_WITH_OBJECT: readonly ResourceKind[] = [PODS, SERVICES, SERVICE_ACCOUNTS, QUOTAS];

export function deleteCall(call: ApiCall): ApiAnswer {
  const { world, kind } = call;
  const object = findObject(world, call);
  const left = deleteObject(world, kind, object, deletionOf(call));
  if (left || ANSWERED_WITH_OBJECT.includes(kind)) return { status: 200, object: left ?? object };
  const details = { ...detailsOf(kind, nameOf(object)), uid: uidOf(object) };
  return { status: 200, object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details } };
}

export function deleteCollectionCall(call: ApiCall): ApiAnswer {
  const { world, kind, namespace } = call;
  const list = listObjects(call);
  for (const object of world.store.list(kind, namespace).filter(filterOf(call)))
    deleteObject(world, kind, object, deletionOf(call));
  return { status: 200, object: list };
}

/** From the body, or from the query as kubectl may send it. */
function deletionOf(call: ApiCall): { readonly options: JsonObject; readonly dryRun: boolean } {
  const { query, request } = call;
  const body = request.body.length === 0 ? {} : readBody(call);
  const policy = query.get('propagationPolicy');
  const grace = query.get('gracePeriodSeconds');
  const options = {
    ...body,
    ...(policy === null ? {} : { propagationPolicy: policy }),
    ...(grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
  };
  const isDry = isDryRun(call) || (Array.isArray(body['dryRun']) && body['dryRun'].includes('All'));
  return { options, dryRun: isDry };
}
