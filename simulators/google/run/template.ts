import { isSame, type JsonObject, objectAt, objectsAt, textAt } from '../../json.ts';
import { numberOf } from '../json.ts';
import { defaultServiceAccountOf, type GoogleWorld } from '../world.ts';
import type { Revision, RevisionContainer } from './state.ts';

const DEFAULT_PORT = 8080;
/** https://cloud.google.com/run/docs/configuring/healthchecks#tcp-startup-probe */
const DEFAULT_STARTUP_S = 240;

/** The template as the platform stores it: https://cloud.google.com/run/docs/reference/rest/v2/RevisionTemplate */
export function withDefaults(world: GoogleWorld, template: JsonObject): JsonObject {
  const containers = objectsAt(template, 'containers');
  return {
    timeout: '300s',
    serviceAccount: defaultServiceAccountOf(world),
    maxInstanceRequestConcurrency: 80,
    ...template,
    scaling: { maxInstanceCount: 100, ...objectAt(template, 'scaling') },
    containers: containers.map((container) => containerWithDefaults(container, containers.length === 1)),
  };
}

/** What a revision is made of. Its name is no part of it. */
export function contentOf({ revision: _, ...content }: JsonObject): JsonObject {
  return content;
}

export function isMadeOf(revision: Revision, template: JsonObject): boolean {
  return isSame(revision.template, contentOf(template));
}

export function containersOf(template: JsonObject): RevisionContainer[] {
  return objectsAt(template, 'containers').map((container, index) => ({
    name: textAt(container, 'name') || `container-${index}`,
    image: textAt(container, 'image'),
    digest: '',
    behaviour: null,
    takesRequests: objectsAt(container, 'ports').length > 0,
  }));
}

export function portOf(template: JsonObject): number {
  const ports = objectsAt(template, 'containers').flatMap((container) => objectsAt(container, 'ports'));
  return ports[0] ? numberOf(ports[0], 'containerPort') : DEFAULT_PORT;
}

/** How long the container that takes requests may need; and the path that must answer, if it isn't just its port. */
export function startupProbeOf(template: JsonObject): { readonly withinMs: number; readonly path: string | null } {
  const containers = objectsAt(template, 'containers');
  const main = containers.find((container) => objectsAt(container, 'ports').length > 0) ?? containers[0] ?? {};
  const probe = objectAt(main, 'startupProbe');
  const path = 'httpGet' in probe ? textAt(objectAt(probe, 'httpGet'), 'path') || '/' : null;
  const seconds =
    numberOf(probe, 'initialDelaySeconds') +
    (numberOf(probe, 'periodSeconds') || 10) * (numberOf(probe, 'failureThreshold') || 3);
  return { withinMs: seconds * 1_000, path };
}

/** The service's own account and secrets that it reads, by container: `projects/p/secrets/s/versions/v`. */
export function secretsOf(world: GoogleWorld, template: JsonObject): readonly { field: string; secret: string }[] {
  return objectsAt(template, 'containers').flatMap((container, index) =>
    objectsAt(container, 'env').flatMap((variable, number) => {
      const reference = objectAt(objectAt(variable, 'valueSource'), 'secretKeyRef');
      const secret = textAt(reference, 'secret');
      if (secret === '') return [];
      const parent = secret.startsWith('projects/') ? secret : `projects/${world.project}/secrets/${secret}`;
      const field = `spec.template.spec.containers[${index}].env[${number}].value_from.secret_key_ref.name`;
      return [{ field, secret: `${parent}/versions/${textAt(reference, 'version') || 'latest'}` }];
    }),
  );
}

function containerWithDefaults(container: JsonObject, isOnly: boolean): JsonObject {
  const ports = objectsAt(container, 'ports');
  const takesRequests = isOnly || ports.length > 0;
  const named = ports.map((port) => ({ name: 'http1', ...port }));
  const limits = { cpu: '1000m', memory: '512Mi', ...objectAt(objectAt(container, 'resources'), 'limits') };
  const port = numberOf(named[0] ?? {}, 'containerPort') || DEFAULT_PORT;
  return {
    ...container,
    resources: { cpuIdle: true, startupCpuBoost: true, ...objectAt(container, 'resources'), limits },
    ...(takesRequests ? { ports: named.length > 0 ? named : [{ name: 'http1', containerPort: DEFAULT_PORT }] } : {}),
    ...(takesRequests && container['startupProbe'] === undefined ? { startupProbe: tcpProbe(port) } : {}),
  };
}

function tcpProbe(port: number): JsonObject {
  return {
    timeoutSeconds: DEFAULT_STARTUP_S,
    periodSeconds: DEFAULT_STARTUP_S,
    failureThreshold: 1,
    tcpSocket: { port },
  };
}
