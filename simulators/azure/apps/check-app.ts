import { at, type Json, type JsonObject, objectAt, objectsAt, textAt } from '../../json.ts';
import { ArmError } from '../arm-error.ts';
import type { AzureWorld } from '../world.ts';
import { isName } from './find.ts';
import { pullImage } from './replicas.ts';
import type { ContainerApp, Mode } from './state.ts';

const LONGEST_REVISION_NAME = 54;
/** https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations */
const MOST_TAGS = 50;
const LONGEST_TAG_NAME = 512;
const LONGEST_TAG_VALUE = 256;

/** What ARM looks at before it takes a change. @throws ArmError 400. */
export function checkDocument(world: AzureWorld, app: ContainerApp, document: JsonObject): void {
  const configuration = objectAt(document, 'properties', 'configuration');
  checkTags(document);
  checkSecrets(configuration);
  checkContainers(document);
  checkSuffix(app, textAt(document, 'properties', 'template', 'revisionSuffix'));
  checkTraffic(app, modeOf(document), objectsAt(configuration, 'ingress', 'traffic'));
  if (app.staging.imageCheck === 'at-request') {
    const problem = findImageProblem(world, { ...app, document });
    if (problem !== null) throw new ArmError(400, 'InvalidParameterValueInContainerTemplate', problem);
  }
}

function checkTags(document: JsonObject): void {
  const tags = Object.entries(objectAt(document, 'tags'));
  if (tags.length > MOST_TAGS)
    throw new ArmError(400, 'TagCountExceedsLimit', `The resource has ${tags.length} tags; ${MOST_TAGS} are allowed.`);
  for (const [name, value] of tags) {
    const isNamed = name.length <= LONGEST_TAG_NAME && !/[<>%&\\?/]/.test(name);
    if (isNamed && typeof value === 'string' && value.length <= LONGEST_TAG_VALUE) continue;
    throw new ArmError(400, 'InvalidTag', `The tag '${name}' has an invalid name or value.`);
  }
}

/** https://learn.microsoft.com/azure/container-apps/revisions#revision-modes */
export function modeOf(document: JsonObject): Mode {
  const mode = textAt(document, 'properties', 'configuration', 'activeRevisionsMode').toLowerCase();
  if (mode === 'multiple') return 'Multiple';
  return mode === 'labels' ? 'Labels' : 'Single';
}

/** In the platform's words; null: every image can be pulled. */
export function findImageProblem(world: AzureWorld, app: ContainerApp): string | null {
  for (const container of objectsAt(app.document, 'properties', 'template', 'containers')) {
    const image = textAt(container, 'image');
    const pulled = pullImage(world, app, image);
    if (typeof pulled === 'string')
      return invalidField(`template.containers.${textAt(container, 'name')}.image`, `"${image}": GET https: ${pulled}`);
  }
  return null;
}

export function invalidField(field: string, value: string): string {
  return (
    'The following field(s) are either invalid or missing. ' +
    `Field '${field}' is invalid with details: 'Invalid value: ${value}';.`
  );
}

/** GET hides values, so what was read can't be sent back: https://github.com/Azure/azure-sdk-for-net/issues/41244 */
function checkSecrets(configuration: JsonObject): void {
  const secrets = objectsAt(configuration, 'secrets');
  const bad = secrets.filter(
    (secret) => !textAt(secret, 'value') && !(textAt(secret, 'keyVaultUrl') && textAt(secret, 'identity')),
  );
  if (bad.length === 0) return;
  const names = bad.map((secret) => `'${textAt(secret, 'name')}'`).join(',');
  const message = `Invalid Request: Container app secret(s) with name(s) ${names} are invalid: value or keyVaultUrl and identity should be provided.`;
  throw new ArmError(400, 'ContainerAppSecretInvalid', message);
}

function checkContainers(document: JsonObject): void {
  const template = objectAt(document, 'properties', 'template');
  const containers = objectsAt(template, 'containers');
  const bad = (field: string, value: string): ArmError =>
    new ArmError(400, 'InvalidParameterValueInContainerTemplate', invalidField(field, value));
  if (containers.length === 0) throw bad('template.containers', '"": at least one container is needed');
  const secrets = objectsAt(document, 'properties', 'configuration', 'secrets').map((secret) => textAt(secret, 'name'));
  for (const container of [...containers, ...objectsAt(template, 'initContainers')]) {
    const field = `template.containers.${textAt(container, 'name')}`;
    if (!textAt(container, 'image')) throw bad(`${field}.image`, '""');
    const unknown = objectsAt(container, 'env')
      .map((variable) => textAt(variable, 'secretRef'))
      .find((name) => name !== '' && !secrets.includes(name));
    if (unknown !== undefined) {
      const message = `SecretRef '${unknown}' defined for container '${textAt(container, 'name')}' not found.`;
      throw new ArmError(400, 'ContainerAppSecretRefNotFound', message);
    }
  }
}

/** Its words: https://github.com/Azure/azure-quickstart-templates/issues/14660 */
function checkSuffix(app: ContainerApp, suffix: string): void {
  if (suffix === '') return;
  const isWellFormed = /^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(suffix) || /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(suffix);
  if (isWellFormed && `${app.name}--${suffix}`.length <= LONGEST_REVISION_NAME) return;
  const message =
    `Revision name has an invalid value '${suffix}'. A revision name must consist of lower case alphanumeric characters ` +
    "or '-', start with an alphabetic character, and end with an alphanumeric character. The length of the revision " +
    `name must not be more than a combined ${LONGEST_REVISION_NAME} characters with the container app name.`;
  throw new ArmError(400, 'ContainerAppInvalidRevisionName', message);
}

function checkTraffic(app: ContainerApp, mode: Mode, entries: readonly JsonObject[]): void {
  const bad = (message: string): ArmError => new ArmError(400, 'InvalidTrafficConfiguration', message);
  if (entries.length === 0) return;
  if (mode === 'Single') {
    const named = entries.find((entry) => at(entry, 'latestRevision') !== true);
    if (named) throw bad('Revision weights can not be used when activeRevisionsMode is Single.');
    return;
  }
  const sum = entries.reduce((total, entry) => total + weightOf(entry), 0);
  if (sum !== 100) throw bad(`The sum of the traffic weights must be 100, and is ${sum}.`);
  const labels = entries.map((entry) => textAt(entry, 'label')).filter((label) => label !== '');
  if (new Set(labels).size < labels.length) throw bad('A label is used for more than one revision.');
  for (const entry of entries) checkEntry(app, entry, bad);
}

/** One without weight may name an inactive revision: https://github.com/Azure/azure-cli-extensions/issues/5802 */
function checkEntry(app: ContainerApp, entry: JsonObject, bad: (message: string) => ArmError): void {
  if (at(entry, 'latestRevision') === true) return;
  const name = textAt(entry, 'revisionName');
  const revision = app.revisions.find((candidate) => isName(candidate.name, name));
  if (!revision) throw bad(`The traffic names the revision '${name}', which was not found.`);
  if (!revision.active && weightOf(entry) > 0)
    throw bad(`The traffic names the revision '${name}', which is not active.`);
}

export function weightOf(entry: Json): number {
  const weight = at(entry, 'weight');
  return typeof weight === 'number' ? weight : 0;
}
