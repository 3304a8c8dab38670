import { type JsonObject, objectAt, objectsAt, textAt } from '../../json.ts';
import { GoogleError } from '../google-error.ts';
import { numberOf } from '../json.ts';

/** https://github.com/PolicyEngine/policyengine-api/issues/3729 */
const LONGEST_TAG_AND_SERVICE = 46;
const LONGEST_REVISION = 63;
const NAME = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;
/** https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services#Service.FIELDS.labels */
const RESERVED = /^(run\.googleapis\.com|cloud\.googleapis\.com|serving\.knative\.dev|autoscaling\.knative\.dev)\//;

/** @throws GoogleError INVALID_ARGUMENT for what the API refuses before anything is done. */
export function validateService(serviceId: string, config: JsonObject): void {
  validateTemplate(serviceId, objectAt(config, 'template'));
  validateTraffic(serviceId, objectsAt(config, 'traffic'));
  for (const holder of [config, objectAt(config, 'template')]) {
    for (const name of [...Object.keys(objectAt(holder, 'labels')), ...Object.keys(objectAt(holder, 'annotations'))]) {
      if (RESERVED.test(name)) refuse(`Labels and annotations in the namespace of '${name}' are not supported in v2.`);
    }
  }
}

function validateTemplate(serviceId: string, template: JsonObject): void {
  const containers = objectsAt(template, 'containers');
  if (containers.length === 0) refuse('template.containers: at least one container is required.');
  if (containers.some((container) => textAt(container, 'image') === ''))
    refuse('template.containers.image: is required.');
  const revision = textAt(template, 'revision');
  if (revision === '') return;
  const fits = NAME.test(revision) && revision.startsWith(`${serviceId}-`) && revision.length <= LONGEST_REVISION;
  if (fits) return;
  refuse(
    `template.revision: '${revision}' must start with '${serviceId}-', have only lower-case letters, digits and hyphens, ` +
      `and not be longer than ${LONGEST_REVISION} characters.`,
  );
}

function validateTraffic(serviceId: string, targets: readonly JsonObject[]): void {
  if (targets.length === 0) return;
  const percents = targets.map((target) => numberOf(target, 'percent'));
  if (percents.some((percent) => !Number.isInteger(percent) || percent < 0 || percent > 100)) {
    refuse('traffic.percent: must be a whole number from 0 to 100.');
  }
  const sum = percents.reduce((total, percent) => total + percent, 0);
  if (sum !== 100) refuse(`traffic: Traffic target percents must sum to 100, got ${sum}.`);
  for (const target of targets) validateTarget(target);
  const tags = targets.map((target) => textAt(target, 'tag')).filter((tag) => tag !== '');
  for (const tag of tags) validateTag(serviceId, tag);
  const twice = tags.find((tag, index) => tags.indexOf(tag) !== index);
  if (twice !== undefined) refuse(`traffic.tag: '${twice}' is used more than once.`);
}

function validateTarget(target: JsonObject): void {
  const type = textAt(target, 'type');
  const revision = textAt(target, 'revision');
  if (type === 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST' && revision !== '') {
    refuse('traffic.revision: must not be set for TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST.');
  }
  if (type === 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION' && revision === '') {
    refuse('traffic.revision: is required for TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION.');
  }
  if (revision.includes('/')) refuse(`traffic.revision: '${revision}' is not the short name of a revision.`);
}

function validateTag(serviceId: string, tag: string): void {
  if (!NAME.test(tag)) refuse(`traffic.tag: '${tag}' must have only lower-case letters, digits and hyphens.`);
  if (tag.length + serviceId.length <= LONGEST_TAG_AND_SERVICE) return;
  refuse(`Combined traffic tag and service name cannot exceed ${LONGEST_TAG_AND_SERVICE} characters.`);
}

function refuse(message: string): never {
  throw new GoogleError('INVALID_ARGUMENT', message);
}
