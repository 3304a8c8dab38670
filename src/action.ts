import { ensurePlatform } from './engine/check-platform.ts';
import { deploy } from './engine/deploy.ts';
import { findEndpoint, tryFindEndpoint } from './engine/endpoint.ts';
import { finish, recalled, untouched } from './engine/finish.ts';
import { openImageRegistry } from './engine/image-registry.ts';
import { openJournal } from './engine/journal.ts';
import { runPhase } from './engine/phase.ts';
import { copyImages, pinImages } from './engine/pin-images.ts';
import { planDeploy } from './engine/plan.ts';
import { type DeployRequest, parseInputs, recallInputs } from './inputs.ts';
import { type Io, openIo } from './io/io.ts';
import { REPORTED } from './io/reported.ts';
import { describeError } from './model/errors.ts';
import { formatImage } from './model/image.ts';
import { emptyRecord, endAs, isGreen, type Outcome, type RunRecord } from './model/outcome.ts';
import { writeOutputs } from './outputs.ts';
import { report } from './report/index.ts';
import { ensurePossible } from './strategies/ensure-possible.ts';

/** The main step. True: green. */
export async function deployAction(signal: AbortSignal): Promise<boolean> {
  const io = openIo(signal);
  const record = emptyRecord(io.clock.now());
  const outcome = await deployOrRefuse(record, io);
  if (io.signal.aborted) {
    io.log.info(`${describeError(io.signal.reason).message}: the post step says how it ended.`);
    return false;
  }
  writeOutputs(outcome, record, await report(outcome, record, io));
  io.state.save(REPORTED, 'true');
  return isGreen(outcome);
}

/** The post step: whatever ended main, nothing stays half-done and nothing stays unsaid. True: green. */
export async function finishAction(signal: AbortSignal): Promise<boolean> {
  const io = openIo(signal);
  const record = emptyRecord(io.clock.now());
  const outcome = await finishOrAlarm(record, io);
  await report(outcome, record, io);
  return isGreen(outcome);
}

/** A cancelled job is ended 5 minutes after the cancel, and main has used some of them. */
const POST_BUDGET_MS = 180_000;

async function deployOrRefuse(record: RunRecord, io: Io): Promise<Outcome> {
  try {
    return await story(parseInputs(io.env), record, io);
  } catch (error) {
    return endAs('refused', { failure: describeError(error) });
  }
}

async function story(request: DeployRequest, record: RunRecord, io: Io): Promise<Outcome> {
  const deadline = io.clock.now() + request.timeoutMs;
  const steps = request.strategy.plan(request.trafficSteps);
  const { workload, keychain, importer, endpoint } = await runPhase('Find the service', record, io, async () => {
    const opened = await request.target.open(request.settings, io);
    ensurePossible(request.strategy, opened.workload);
    return { ...opened, endpoint: await findEndpoint(request, opened.workload, io) };
  });
  Object.assign(record, { resource: workload.resource, consoleUrl: workload.consoleUrl, url: endpoint?.url ?? null });

  const registry = openImageRegistry(request, keychain, io);
  const images = await runPhase('Resolve the image digest', record, io, () => pinImages(request, registry, io));
  const image = formatImage(images[0]!.image);
  Object.assign(record, { image, digest: images[0]!.image.digest });

  // What can't be deployed is refused before anything is copied.
  const change = { images, environment: request.environment, secrets: request.secrets };
  const changes = await workload.plan(change);
  const runsOn = { platform: changes.platform, resource: workload.resource };
  await ensurePlatform(images, runsOn, { registry, log: io.log });
  if (request.mode === 'plan')
    return await planDeploy({ ...request, steps, workload, changes, images, registry, record, io });
  const copying = { client: registry, importer, record, io };
  if (request.copyTo) await runPhase('Copy the image', record, io, () => copyImages(images, copying));

  const journal = openJournal(io.state);
  return await deploy({ ...request, steps, workload, change, image, endpoint, deadline, journal, record, io });
}

async function finishOrAlarm(record: RunRecord, io: Io): Promise<Outcome> {
  try {
    const journal = openJournal(io.state);
    const entry = journal.read();
    if (entry) Object.assign(record, { resource: entry.point.resource, image: entry.image });
    if (!entry || entry.phase === 'open') return untouched(entry);
    if (entry.phase === 'closed') return recalled(entry);
    const request = recallInputs(io.env);
    const { workload } = await request.target.open(request.settings, io);
    const endpoint = await tryFindEndpoint(request, workload, io);
    const timeoutMs = POST_BUDGET_MS;
    return await finish({ ...request, workload, endpoint, entry, journal, record, io, timeoutMs });
  } catch (error) {
    return endAs('rollback-failed', { failure: describeError(error) });
  }
}
