import type { JsonObject } from '../../json.ts';
import { AwsError } from '../aws-error.ts';
import { readObjects, readString, readStrings } from '../json.ts';
import type { AwsWorld } from '../world.ts';
import type { Service } from './state.ts';

const MOST_TAGS = 50;
/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html */
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** A tag of the same key is replaced; the others stay. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TagResource.html */
export function tagResource(world: AwsWorld, body: JsonObject): JsonObject {
  const service = readTagged(world, body);
  const tags = readObjects(body, 'tags');
  for (const tag of tags) ensureValid(readString(tag, 'key') ?? '', readString(tag, 'value') ?? '');
  const keys = new Set(tags.map(({ key }) => key));
  const all = [...service.tags.filter(({ key }) => !keys.has(key)), ...tags];
  if (all.length > MOST_TAGS) throw invalid(`Number of tags exceeds ${MOST_TAGS}.`);
  service.tags = all;
  return {};
}

/** A key that isn't there is no error. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UntagResource.html */
export function untagResource(world: AwsWorld, body: JsonObject): JsonObject {
  const service = readTagged(world, body);
  const keys = new Set(readStrings(body, 'tagKeys'));
  service.tags = service.tags.filter(({ key }) => !keys.has(String(key)));
  return {};
}

function readTagged(world: AwsWorld, body: JsonObject): Service {
  const arn = readString(body, 'resourceArn') ?? '';
  if (arn.split('/').length < 3) throw invalid('Long arn format must be used for tagging operations');
  const service = world.services.find((candidate) => candidate.arn === arn);
  if (!service) throw new AwsError('ResourceNotFoundException', 'The specified resource could not be found.');
  return service;
}

function ensureValid(key: string, value: string): void {
  if (key.length < 1 || key.length > 128 || !ALLOWED.test(key)) throw invalid(`Invalid tag key: ${key}`);
  if (value.length > 256 || !ALLOWED.test(value)) throw invalid(`Invalid tag value: ${value}`);
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}
