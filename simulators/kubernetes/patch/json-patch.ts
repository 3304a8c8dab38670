import { isObject, isSame, type Json, type JsonObject } from '../../json.ts';
import { badRequest, patchFailed } from '../api/api-error.ts';

const MOST_OPERATIONS = 10_000;

/** RFC 6902. @throws ApiError 422 where it doesn't apply, without a word on why; 400 for what is no JSON patch. */
export function applyJsonPatch(object: JsonObject, patch: Json): JsonObject {
  if (!Array.isArray(patch))
    throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  if (patch.length > MOST_OPERATIONS) throw badRequest('The allowed maximum operations in a JSON patch is 10000');
  const result = patch.reduce<Json>((document, operation: Json) => applyOperation(document, operation), object);
  if (!isObject(result)) throw patchFailed();
  return result;
}

function applyOperation(document: Json, operation: Json): Json {
  if (!isObject(operation)) throw badRequest('error decoding patch: an operation is not an object');
  const path = parsePointer(operation['path']);
  const value = operation['value'] ?? null;
  switch (operation['op']) {
    case 'test':
      if (!isSame(find(document, path) ?? null, value)) throw patchFailed();
      return document;
    case 'add':
      return write(document, path, { value, how: 'add' });
    case 'replace':
      return write(document, path, { value, how: 'replace' });
    case 'remove':
      return write(document, path, { value: null, how: 'remove' });
    case 'copy':
      return write(document, path, { value: read(document, operation['from']), how: 'add' });
    case 'move': {
      const moved = read(document, operation['from']);
      const rest = write(document, parsePointer(operation['from']), { value: null, how: 'remove' });
      return write(rest, path, { value: moved, how: 'add' });
    }
    default:
      throw patchFailed();
  }
}

function read(document: Json, from: Json | undefined): Json {
  const found = find(document, parsePointer(from));
  if (found === undefined) throw patchFailed();
  return found;
}

function parsePointer(pointer: Json | undefined): readonly string[] {
  if (typeof pointer !== 'string' || (pointer !== '' && !pointer.startsWith('/'))) throw patchFailed();
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function find(document: Json, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((part, name) => {
    if (Array.isArray(part)) return /^\d+$/.test(name) ? (part as readonly Json[])[Number(name)] : undefined;
    return isObject(part) ? part[name] : undefined;
  }, document);
}

interface Edit {
  readonly value: Json;
  readonly how: 'add' | 'replace' | 'remove';
}

function write(document: Json, path: readonly string[], edit: Edit): Json {
  const [name, ...rest] = path;
  if (name === undefined) return edit.value;
  if (Array.isArray(document)) return writeItem(document, path, edit);
  if (!isObject(document)) throw patchFailed();
  const before = document[name];
  if (rest.length > 0) {
    if (before === undefined) throw patchFailed();
    return { ...document, [name]: write(before, rest, edit) };
  }
  if (edit.how !== 'add' && before === undefined) throw patchFailed();
  if (edit.how !== 'remove') return { ...document, [name]: edit.value };
  const { [name]: _, ...others } = document;
  return others;
}

function writeItem(list: readonly Json[], [name = '', ...rest]: readonly string[], edit: Edit): Json {
  const isEnd = name === '-' && rest.length === 0 && edit.how === 'add';
  const index = isEnd ? list.length : Number(/^\d+$/.test(name) ? name : Number.NaN);
  const most = rest.length === 0 && edit.how === 'add' ? list.length : list.length - 1;
  if (!(index <= most)) throw patchFailed();
  if (rest.length > 0) return list.with(index, write(list[index]!, rest, edit));
  if (edit.how === 'replace') return list.with(index, edit.value);
  return edit.how === 'add' ? list.toSpliced(index, 0, edit.value) : list.toSpliced(index, 1);
}
