import { parse } from 'yaml';
import { isObject, type Json, type JsonObject, objectAt, textAt } from '../../json.ts';
import { applyServerSide } from '../fields/apply.ts';
import { fieldsApplied } from '../fields/field-set.ts';
import { toManagedFields } from '../fields/managed-fields.ts';
import { withMetadata } from '../object.ts';
import { applyJsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import { strategicMerge } from '../patch/strategic-merge.ts';
import { apiVersionOf } from '../resources.ts';
import { timeOf, type WriteTarget } from '../world.ts';
import { createObject, managerOf as managerFor, updateObject } from '../write.ts';
import { type ApiAnswer, type ApiCall, isDryRun, managerOf, readBody, readJson } from './api-call.ts';
import { ApiError, badRequest } from './api-error.ts';
import { findObject } from './read-calls.ts';
import { fromScale, toScale } from './scale.ts';
import { checkFields } from './unknown-fields.ts';

export function createCall(call: ApiCall): ApiAnswer {
  const body = readBody(call);
  refuseOtherKind(call, body);
  const known = checkFields(call, body, null);
  return { status: 201, object: createObject(call.world, known, { ...targetOf(call), namespace: call.namespace }) };
}

export function replaceCall(call: ApiCall): ApiAnswer {
  const before = findObject(call.world, call);
  const body = readBody(call);
  refuseOtherKind(call, body);
  return changed(call, before, checkFields(call, body, null));
}

export function patchCall(call: ApiCall): ApiAnswer {
  const type = (call.request.headers['content-type'] ?? '').split(';')[0]!.trim();
  if (type === 'application/apply-patch+yaml') return applyCall(call);
  const before = findObject(call.world, call);
  const shown = call.subresource === 'scale' ? toScale(before) : before;
  const patch = readJson(call.request);
  return changed(call, before, checkFields(call, patchBy(call, shown, { type, patch }), patch));
}

function patchBy(
  call: ApiCall,
  shown: JsonObject,
  { type, patch }: { readonly type: string; readonly patch: Json },
): JsonObject {
  if (type === 'application/json-patch+json') return applyJsonPatch(shown, patch);
  if (!isObject(patch))
    throw badRequest(
      'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
    );
  if (type === 'application/merge-patch+json') return mergePatch(shown, patch);
  if (type === 'application/strategic-merge-patch+json' && !call.kind.custom) return strategicMerge(shown, patch);
  const accepted = [
    'application/json-patch+json',
    'application/merge-patch+json',
    ...(call.kind.custom ? [] : ['application/strategic-merge-patch+json']),
    'application/apply-patch+yaml',
  ];
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
  throw new ApiError(415, 'UnsupportedMediaType', message);
}

function changed(call: ApiCall, before: JsonObject, wanted: JsonObject): ApiAnswer {
  const isScale = call.subresource === 'scale';
  const object = updateObject(
    call.world,
    { before, wanted: isScale ? fromScale(before, wanted) : wanted },
    targetOf(call),
  );
  return { status: 200, object: isScale ? toScale(object) : object };
}

function applyCall(call: ApiCall): ApiAnswer {
  const { world, kind, namespace, name, query } = call;
  const document = readApplied(call);
  if (!query.get('fieldManager')) {
    const cause = {
      reason: 'FieldValueRequired',
      message: 'Required value: is required for apply patch',
      field: 'fieldManager',
    };
    const details = { group: 'meta.k8s.io', kind: 'PatchOptions', causes: [cause] };
    throw new ApiError(
      422,
      'Invalid',
      `PatchOptions.meta.k8s.io "" is invalid: fieldManager: ${cause.message}`,
      details,
    );
  }
  checkFields(call, document, null);
  const target = targetOf(call);
  const manager = managerFor(kind, target.writing, 'Apply');
  const before = world.store.find(kind, namespace, name);
  if (!before) {
    const object = createObject(world, withMetadata(document, { name }), { ...target, namespace });
    const entries = [{ manager, time: timeOf(world), fields: fieldsApplied(document) }];
    const owned = withMetadata(object, { managedFields: toManagedFields(entries) });
    return { status: 201, object: target.dryRun ? owned : world.store.put(kind, owned) };
  }
  const applied = applyServerSide(before, document, {
    manager,
    force: query.get('force') === 'true',
    time: timeOf(world),
  });
  const resourceVersion = textAt(document, 'metadata', 'resourceVersion');
  const wanted = withMetadata(applied.object, {
    resourceVersion: resourceVersion || objectAt(before, 'metadata')['resourceVersion'],
  });
  return { status: 200, object: updateObject(world, { before, wanted, entries: applied.entries }, target) };
}

function readApplied({ request, kind, name }: ApiCall): JsonObject {
  const document = parse(request.body.toString()) as Json;
  if (!isObject(document)) throw badRequest('error decoding YAML: the document is not an object');
  if (document['apiVersion'] !== apiVersionOf(kind) || document['kind'] !== kind.kind)
    throw badRequest(`invalid object type: ${document['apiVersion'] ?? ''}, Kind=${document['kind'] ?? ''}`);
  const stated = textAt(document, 'metadata', 'name');
  if (stated !== '' && stated !== name)
    throw badRequest(`the name of the object (${stated}) does not match the name on the URL (${name})`);
  if (objectAt(document, 'metadata')['managedFields']) throw badRequest('metadata.managedFields must be nil');
  return document;
}

function refuseOtherKind({ kind, subresource }: ApiCall, body: JsonObject): void {
  if (subresource === 'scale') return;
  const stated = textAt(body, 'kind');
  const version = textAt(body, 'apiVersion');
  if (stated === '' && kind.custom) throw badRequest(describeMissingKind(kind.kind, JSON.stringify(body)));
  if ((stated === '' || stated === kind.kind) && (version === '' || version === apiVersionOf(kind))) return;
  const short = version.split('/').at(-1);
  throw badRequest(
    `${stated} in version "${short}" cannot be handled as a ${kind.kind}: converting (${short}.${stated}) to (${kind.group.split('.')[0] || 'core'}.${kind.kind}): unknown conversion`,
  );
}

/** Of a built-in kind the API server knows it by the path; of others it doesn't. */
function describeMissingKind(kind: string, text: string): string {
  const summary = text.length > 30 ? `${text.slice(0, 30)} ...` : text;
  return `the object provided is unrecognized (must be of type ${kind}): Object 'Kind' is missing in '${text}' (${summary})`;
}

function targetOf(call: ApiCall): WriteTarget {
  const { kind, subresource, warnings } = call;
  return { kind, dryRun: isDryRun(call), writing: { manager: managerOf(call), subresource }, warnings };
}
