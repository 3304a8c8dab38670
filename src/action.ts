import { type CloudContext, openSharedLogins } from './clouds/target.ts';
import { ensurePlatform } from './engine/check-platform.ts';
import { deployInTurn } from './engine/deploy-in-turn.ts';
import { findEndpoint, tryFindEndpoint } from './engine/endpoint.ts';
import { finish, recalled, untouched } from './engine/finish.ts';
import { openImageRegistry } from './engine/image-registry.ts';
import { openJournal } from './engine/journal.ts';
import { runPhase } from './engine/phase.ts';
import { planDeploy } from './engine/plan.ts';
import { planWhenFree } from './engine/plan-when-free.ts';
import { copyImages, resolveImages } from './engine/resolve-images.ts';
import { waitForAnswer } from './engine/wait.ts';
import type { WaitRequest } from './engine/wait-until-free.ts';
import { type DeployRequest, parseInputs, recallInputs } from './inputs.ts';
import { type Io, openIo } from './io/io.ts';
import { REPORTED, RUN } from './io/own-state.ts';
import { isCancelled, neverAborted } from './io/signals.ts';
import { ensureChangeable } from './model/change.ts';
import { describeError } from './model/errors.ts';
import { formatImage } from './model/image.ts';
import { emptyRecord, endAs, isGreen, type Outcome, type RunRecord } from './model/outcome.ts';
import type { EditChange } from './model/workload.ts';
import { writeOutputs } from './outputs.ts';
import { findImage } from './registry/find-image.ts';
import { report } from './report/index.ts';
import { ensurePossible } from './strategies/ensure-possible.ts';

/** The main step. `signal`: aborted when the job is cancelled. True: green. */
export async function deployAction(signal: AbortSignal): Promise<boolean> {
  const io = openIo();
  const record = emptyRecord(io.clock.now());
  const outcome = await deployOrRefuse(record, { io, signal, logins: openSharedLogins() });
  if (isCancelled(signal)) {
    io.log.info(`${describeError(signal.reason).message}: the post step says how it ended.`);
    return false;
  }
  const reportFile = await report(outcome, record, io);
  tryWrite('outputs', io, () => writeOutputs(outcome, record, reportFile));
  tryWrite('state', io, () => io.state.save(REPORTED, io.state.read(RUN)));
  return isGreen(outcome);
}

/** The deployment is over by now: a file of the runner that can't be written must not change the verdict. */
function tryWrite(what: string, io: Io, write: () => void): void {
  try {
    write();
  } catch (error) {
    io.log.warning(`could not write the ${what} of this step: ${describeError(error).message}`);
  }
}

/**
 * The post step: whatever ended main, nothing stays half-done and nothing stays unsaid. `crashes`: what no code catches, as
 * it comes. True: green.
 */
export async function finishAction(crashes: readonly unknown[]): Promise<boolean> {
  const io = openIo();
  const record = emptyRecord(io.clock.now());
  const outcome = await finishOrAlarm(record, io);
  await report(outcome, record, io);
  for (const crash of crashes) io.log.error(describeError(crash).message, 'The post step went on after an error');
  return isGreen(outcome) && crashes.length === 0;
}

/** A cancelled job is ended 5 minutes after the cancel, and main has used some of them. */
const POST_BUDGET_MS = 180_000;

async function deployOrRefuse(record: RunRecord, context: CloudContext): Promise<Outcome> {
  const { io, signal } = context;
  try {
    const request = parseInputs(io);
    const deadline = io.clock.now() + request.timeoutMs;
    const opened = await open({ ...request, deadline, record }, context);
    return request.mode === 'plan' ? await planDeploy(opened) : await copyAndDeploy(opened, context);
  } catch (error) {
    return endAs('refused', { failure: describeError(signal.aborted ? signal.reason : error) });
  }
}

interface Run extends DeployRequest {
  readonly deadline: number;
  readonly record: RunRecord;
}

/** Without what is opened meanwhile under the same names. */
type Checked = Omit<Run, 'images' | 'registries'>;

/** What every mode starts with: the service, the images by digest, and the change beside what is live. Changes nothing. */
async function open(run: Run, context: CloudContext) {
  const { record, environment, secrets, base } = run;
  const { io, signal } = context;
  const service = await findService(run, context);
  const registries = run.registries.map((opener) => opener(context));
  const registry = openImageRegistry(run, registries, context);
  const images = await runPhase('Resolve the image digest', record, io, () => resolveImages(run, registry, io));
  const main = images[0]?.image ?? null;
  const image = main && formatImage(main);
  Object.assign(record, { image, digest: main?.digest ?? null });
  const change: EditChange = { kind: 'edit', images, environment, secrets, base };
  // What can't be deployed is refused before anything is copied.
  const compared = await compare({ ...run, ...service, change, io, signal });
  const runsOn = { platform: compared.changes.platform, resource: service.workload.resource };
  await ensurePlatform(images, runsOn, { registry, log: io.log });
  const find = (name: string) => findImage(registry, name);
  return { ...run, ...service, ...compared, registries, registry, images, image, change, findImage: find, io, signal };
}

async function findService(run: Checked, context: CloudContext) {
  const { record } = run;
  const { io } = context;
  const found = await runPhase('Find the service', record, io, async () => {
    const workload = await run.openWorkload(context);
    ensurePossible(run.strategy, workload);
    return { workload, endpoint: await findEndpoint(run, workload, io) };
  });
  const { resource, consoleUrl } = found.workload;
  Object.assign(record, { resource, consoleUrl, url: found.endpoint?.url ?? null });
  return found;
}

/** The change beside what is live, and what the strategy does with it. */
async function compare(run: Checked & WaitRequest & { readonly change: EditChange }) {
  const { workload, change, mode } = run;
  ensureChangeable(change, workload);
  const changes = await (mode === 'plan' ? workload.plan(change) : planWhenFree(change, run));
  return { changes, steps: run.strategy.plan(run.trafficSteps, workload.capabilities) };
}

async function copyAndDeploy(opened: Awaited<ReturnType<typeof open>>, context: CloudContext): Promise<Outcome> {
  const { copyTo, images, registry: client, registries, record } = opened;
  const { io } = context;
  const importers = registries.flatMap(({ importer }) => importer ?? []);
  const copying = { client, importers, record, io };
  if (copyTo) await runPhase('Copy the image', record, io, () => copyImages(images, copying));
  return await deployInTurn(opened, async () => {
    const service = await findService(opened, context);
    return { ...service, ...(await compare({ ...opened, ...service })) };
  });
}

async function finishOrAlarm(record: RunRecord, io: Io): Promise<Outcome> {
  try {
    const journal = openJournal(io);
    const entry = journal.read();
    if (entry) Object.assign(record, { resource: entry.point.resource, image: entry.image });
    if (!entry || entry.phase === 'open') return untouched(entry);
    if (entry.phase === 'closed') return recalled(entry);
    const request = recallInputs(io);
    const deadline = io.clock.now() + POST_BUDGET_MS;
    const wait = { what: `${entry.point.resource} to be found`, deadline, signal: neverAborted };
    // With a new login each time: an answer to a login may have been lost too.
    const open = () => request.openWorkload({ io, signal: neverAborted, logins: openSharedLogins() });
    const workload = await waitForAnswer(open, wait, io);
    const endpoint = await tryFindEndpoint(request.url, workload, io);
    const timeoutMs = deadline - io.clock.now();
    return await finish({ ...request, workload, endpoint, entry, journal, record, io, timeoutMs });
  } catch (error) {
    return endAs('rollback-failed', { failure: describeError(error) });
  }
}
