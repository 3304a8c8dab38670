import { answerOf } from '../../container-answer.ts';
import type { SimulatedRequest } from '../../edge/host.ts';
import { objectAt, textAt } from '../../json.ts';
import { type GoogleWorld, serviceAgentOf } from '../world.ts';
import { generatedRevisionId, logsUrlOf } from './names.ts';
import {
  ingressOf,
  isScaledToNothing,
  type Revision,
  type RevisionContainer,
  type Service,
  type Trouble,
} from './state.ts';
import { containersOf, contentOf, portOf, secretsOf, startupProbeOf } from './template.ts';

/** https://cloud.google.com/run/docs/troubleshooting#container-failed-to-start */
const HELP =
  'For more troubleshooting guidance, see https://cloud.google.com/run/docs/troubleshooting#container-failed-to-start';
/** A revision that is neither ready nor failed by then is given up. */
const PROGRESS_DEADLINE_MS = 15 * 60_000;
const PENDING: Trouble = { why: { revisionReason: 'PENDING' }, message: '' };

interface Home {
  readonly world: GoogleWorld;
  readonly service: Service;
  /** Called once, when the revision is ready or has failed. */
  readonly settled: (revision: Revision) => void;
}

/** Of the service's template. */
export function createRevision(world: GoogleWorld, service: Service): Revision {
  const named = objectAt(service.config, 'template');
  const template = contentOf(named);
  const ownName = textAt(named, 'revision');
  const id = ownName || generatedRevisionId(service, world.nextNumber());
  return {
    ...{
      id,
      serviceId: service.id,
      namedByPlatform: ownName === '',
      generation: service.revisions.length + 1,
      template,
    },
    ...{ containers: containersOf(template), createdAt: world.queue.now, visible: false },
    ...{ state: 'pending', trouble: PENDING, settledAt: null },
    ...{
      firstStartedAt: null,
      instanceStartedAt: null,
      lastRequestAt: world.queue.now,
      requests: 0,
      extraConditions: [],
    },
  };
}

/** Checks, pulls and starts: what happens by itself until the revision is ready or has failed. */
export function startRevision(home: Home, revision: Revision): void {
  const { world, service } = home;
  const { createMs, pullMs, failRevisions, stuck } = service.staging;
  const later = (delayMs: number, run: () => void): void =>
    world.queue.add(revision.createdAt + delayMs, () => {
      if (revision.state === 'pending') run();
    });
  later(createMs, () => {
    revision.visible = true;
    const denied = findDeniedSecret(world, revision);
    if (denied) fail(home, revision, denied);
  });
  later(createMs + PROGRESS_DEADLINE_MS, () => fail(home, revision, deadlineExceeded));
  if (failRevisions) later(createMs + (failRevisions.afterMs ?? pullMs), () => fail(home, revision, failRevisions));
  if (stuck || failRevisions) return;
  later(createMs + pullMs / 2, () => {
    const missing = pull(world, revision);
    if (missing) fail(home, revision, missing);
  });
  // Nothing is started: https://cloud.google.com/run/docs/configuring/services/manual-scaling, and
  // https://cloud.google.com/run/docs/configuring/healthchecks (`--no-deploy-health-check`).
  const start = isUnchecked(service, revision) ? succeed : startContainers;
  later(createMs + pullMs, () => start(home, revision));
}

/** Ready without the passing of time: for what was there before the test. @throws Error for an image that isn't there. */
export function settleAtOnce(world: GoogleWorld, revision: Revision): void {
  const missing = pull(world, revision);
  if (missing) throw new Error(missing.message);
  Object.assign(revision, {
    visible: true,
    state: 'ready',
    trouble: null,
    settledAt: world.queue.now,
    firstStartedAt: world.queue.now,
  });
}

function isUnchecked(service: Service, { template }: Revision): boolean {
  return isScaledToNothing(service) || template['healthCheckDisabled'] === true;
}

function startContainers(home: Home, revision: Revision): void {
  const { queue } = home.world;
  revision.firstStartedAt = queue.now;
  revision.instanceStartedAt = queue.now;
  const { withinMs, path } = startupProbeOf(revision.template);
  const crash = firstCrash(revision);
  const readyMs = readyAfterMs(revision);
  const failed = notListening(home.world, revision);
  const endAfter = (ms: number, end: () => void): void =>
    queue.add(queue.now + ms, () => {
      if (revision.state === 'pending') end();
    });
  if (crash !== null && crash <= readyMs) return void endAfter(crash, () => fail(home, revision, failed));
  if (readyMs > withinMs) return void endAfter(withinMs, () => fail(home, revision, failed));
  if (path === null) return void endAfter(readyMs, () => succeed(home, revision));
  revision.trouble = { why: { revisionReason: 'CUSTOMIZED_PATH_RESPONSE_PENDING' }, message: `Waiting for ${path}.` };
  if (probe(revision, path, readyMs)) return void endAfter(readyMs, () => succeed(home, revision));
  endAfter(withinMs, () => fail(home, revision, probeFailed(home.world, revision)));
}

function succeed(home: Home, revision: Revision): void {
  revision.state = 'ready';
  end(home, revision, null);
}

function fail(home: Home, revision: Revision, { why, message }: Trouble): void {
  revision.state = 'failed';
  revision.visible = true;
  revision.instanceStartedAt = null;
  end(home, revision, { why, message });
}

function end({ world, settled }: Home, revision: Revision, trouble: Trouble | null): void {
  revision.trouble = trouble;
  revision.settledAt = world.queue.now;
  settled(revision);
}

/** null: all images are there. */
function pull(world: GoogleWorld, revision: Revision): Trouble | null {
  for (const container of revision.containers) {
    const refused = [...world.deniedImages].some((prefix) => container.image.startsWith(prefix));
    const image = refused ? null : world.images.pull(container.image);
    if (!image) return refused ? mayNotPull(world, container) : noSuchImage(container);
    container.digest = image.digest;
    container.behaviour = image.behaviour;
  }
  return null;
}

function firstCrash({ containers }: Revision): number | null {
  const crashes = containers.flatMap(({ behaviour }) => (behaviour?.crash ? [behaviour.crash.afterMs] : []));
  return crashes.length > 0 ? Math.min(...crashes) : null;
}

function readyAfterMs(revision: Revision): number {
  return ingressOf(revision).behaviour?.readyAfterMs ?? 0;
}

function probe(revision: Revision, path: string, uptimeMs: number): boolean {
  const { behaviour } = ingressOf(revision);
  const request: SimulatedRequest = {
    ...{ method: 'GET', url: new URL(path, 'http://container') },
    ...{ headers: { 'user-agent': 'GoogleHC/1.0' }, body: Buffer.alloc(0) },
  };
  const answer = behaviour && answerOf(behaviour, { request, uptimeMs, requestNumber: null });
  return answer !== null && answer.status >= 200 && answer.status < 400;
}

/** https://github.com/sourcegraph/sourcegraph-public-snapshot/pull/59045 */
function findDeniedSecret(world: GoogleWorld, revision: Revision): Trouble | null {
  const denied = secretsOf(world, revision.template).find(({ secret }) =>
    world.deniedSecrets.has(secret.split('/')[3] ?? ''),
  );
  if (!denied) return null;
  const account = textAt(revision.template, 'serviceAccount');
  const message = `${denied.field}: Permission denied on secret: ${denied.secret} for Revision service account ${account}.`;
  return { why: { reason: 'SECRETS_ACCESS_CHECK_FAILED' }, message };
}

/** https://github.com/google-github-actions/deploy-cloudrun/issues/465 */
function noSuchImage({ image }: RevisionContainer): Trouble {
  return { why: { reason: 'CONTAINER_MISSING' }, message: `Image '${image}' not found.` };
}

/** https://github.com/GoogleCloudPlatform/esp-v2/issues/923 */
function mayNotPull(world: GoogleWorld, { image }: RevisionContainer): Trouble {
  const message =
    `Google Cloud Run Service Agent ${serviceAgentOf(world)} must have permission to read the image, ${image}. Ensure ` +
    'that the provided container image URL is correct and that the above account has permission to access the image. ' +
    'If you just enabled the Cloud Run API, the permissions might take a few minutes to propagate.';
  return { why: { reason: 'CONTAINER_PERMISSION_DENIED' }, message };
}

/** https://github.com/GoogleCloudPlatform/genai-for-marketing/issues/155, words: googlecodelabs/feedback#1696 */
function notListening(world: GoogleWorld, revision: Revision): Trouble {
  const message =
    `The user-provided container failed to start and listen on the port defined provided by the ` +
    `PORT=${portOf(revision.template)} environment variable within the allocated timeout. This can happen when the ` +
    'container port is misconfigured or if the timeout is too short. The health check timeout can be extended. ' +
    `Logs for this revision might contain more information.\n\nLogs URL: ${logsUrlOf(world, revision)} \n${HELP}`;
  return { why: { revisionReason: 'HEALTH_CHECK_CONTAINER_ERROR' }, message };
}

/** https://github.com/terraform-google-modules/terraform-docs-samples/pull/254 */
function probeFailed(world: GoogleWorld, revision: Revision): Trouble {
  const message =
    'The user-provided container failed the configured startup probe checks. Logs for this revision might contain ' +
    `more information.\n\nLogs URL: ${logsUrlOf(world, revision)} \n${HELP}`;
  return { why: { revisionReason: 'HEALTH_CHECK_CONTAINER_ERROR' }, message };
}

const deadlineExceeded: Trouble = {
  why: { reason: 'PROGRESS_DEADLINE_EXCEEDED' },
  message: 'The revision was not ready within the progress deadline.',
};
