import protobuf from 'protobufjs';
import { isObject, type Json } from '../../simulators/json.ts';

/** No schema knows them; they have to come through all the same. */
export const PLANTED = ['futureServiceField', 'futureTemplateField', 'futureContainerField'];

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3}|\.\d{6}|\.\d{9})?Z$/;
const WELL_KNOWN: Readonly<Record<string, RegExp>> = {
  '.google.protobuf.Timestamp': TIME,
  '.google.protobuf.Duration': /^-?\d+(?:\.\d{1,9})?s$/,
  '.google.protobuf.FieldMask': /^[\w.]+(?:,[\w.]+)*$/,
};
const NUMBERS = ['double', 'float', 'int32', 'uint32', 'sint32', 'fixed32', 'sfixed32'];
const LONGS = ['int64', 'uint64', 'sint64', 'fixed64', 'sfixed64'];

/** Where a value stands. `isSent`: a server would leave it out if it were unset. */
interface Place {
  readonly path: string;
  readonly isSent: boolean;
}

/**
 * What is wrong with a message in proto3's JSON: unknown members, wrong types, unknown words of an enumeration, numbers
 * of 64 bits that are not text, badly written times. In an answer also members that are sent although they are unset.
 */
export function findProblems(type: protobuf.Type, value: Json | undefined, isAnswer: boolean): string[] {
  return checkMessage(type, value, { path: type.name, isSent: isAnswer });
}

function checkMessage(type: protobuf.Type, value: Json | undefined, place: Place): string[] {
  const pattern = WELL_KNOWN[type.fullName];
  if (pattern) return checkText(value, pattern, place);
  if (!isObject(value)) return [`${place.path} is no object`];
  if (type.fullName !== '.google.protobuf.Any') {
    return Object.entries(value).flatMap(([name, member]) => checkMember(type, { name, member }, place));
  }
  const { '@type': typeUrl, ...members } = value;
  const inner = type.root.lookupType(String(typeUrl).replace('type.googleapis.com/', ''));
  return checkMessage(inner, members, { ...place, path: `${place.path}<${inner.name}>` });
}

function checkMember(
  type: protobuf.Type,
  { name, member }: { readonly name: string; readonly member: Json | undefined },
  place: Place,
): string[] {
  const here = { ...place, path: `${place.path}.${name}` };
  const field = type.fields[name]?.resolve();
  if (!field) return PLANTED.includes(name) ? [] : [`${here.path} is unknown`];
  if (member === null || member === undefined) return [`${here.path} is null`];
  if (field.map) return checkMap(field, member, here);
  if (!field.repeated) return checkValue(field, member, here);
  if (!Array.isArray(member)) return [`${here.path} is no list`];
  if (member.length === 0 && place.isSent) return [`${here.path} is an empty list`];
  return member.flatMap((item: Json, index) => checkItem(field, item, { ...here, path: `${here.path}[${index}]` }));
}

function checkMap(field: protobuf.Field, member: Json, place: Place): string[] {
  if (!isObject(member)) return [`${place.path} is no map`];
  return Object.entries(member).flatMap(([key, value]) =>
    checkItem(field, value ?? null, { ...place, path: `${place.path}[${key}]` }),
  );
}

/** A scalar in a list or a map is there even when it is empty; the members of a message are not. */
function checkItem(field: protobuf.Field, value: Json, place: Place): string[] {
  const isMessage = field.resolvedType instanceof protobuf.Type;
  return checkValue(field, value, { ...place, isSent: place.isSent && isMessage });
}

function checkValue(field: protobuf.Field, value: Json, place: Place): string[] {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Type) return checkMessage(resolvedType, value, place);
  if (resolvedType instanceof protobuf.Enum) return checkWord(resolvedType, value, place);
  const problems = checkScalar(field.type, value, place);
  const knowsPresence = field.partOf !== null || field.options?.['proto3_optional'] === true;
  const isUnset = value === '' || value === 0 || value === '0' || value === false;
  return place.isSent && !knowsPresence && isUnset ? [...problems, `${place.path} is sent though unset`] : problems;
}

function checkScalar(type: string, value: Json, place: Place): string[] {
  if (LONGS.includes(type)) return checkText(value, /^-?\d+$/, place);
  const wanted = NUMBERS.includes(type) ? 'number' : type === 'bool' ? 'boolean' : 'string';
  return typeof value === wanted ? [] : [`${place.path} is no ${type}`];
}

function checkText(value: Json | undefined, pattern: RegExp, { path }: Place): string[] {
  return typeof value === 'string' && pattern.test(value) ? [] : [`${path} is not written as ${pattern}`];
}

function checkWord(type: protobuf.Enum, value: Json, { path, isSent }: Place): string[] {
  if (typeof value !== 'string' || !(value in type.values)) return [`${path} is no word of ${type.name}`];
  return isSent && type.values[value] === 0 ? [`${path} is sent though unset`] : [];
}
