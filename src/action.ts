import { type Announcer, openAnnouncer } from './announcements/index.ts';
import { debugSwitches, shortNames } from './clouds/index.ts';
import { type CloudContext, openSharedLogins } from './clouds/target.ts';
import { ensurePlatform } from './engine/check-platform.ts';
import { connectEarly } from './engine/connect-early.ts';
import { deployInTurn } from './engine/deploy-in-turn.ts';
import { findEndpoint, tryFindEndpoint } from './engine/endpoint.ts';
import { ensureTestable } from './engine/ensure-testable.ts';
import { ensureVerified } from './engine/ensure-verified.ts';
import { finish, recalled, untouched } from './engine/finish.ts';
import { hideValues } from './engine/hide-values.ts';
import { openImageRegistry } from './engine/image-registry.ts';
import { clearInside } from './engine/inside-tests.ts';
import { openJournal } from './engine/journal.ts';
import { noteService } from './engine/note-service.ts';
import { runPhase } from './engine/phase.ts';
import { planDeploy } from './engine/plan.ts';
import { planWhenFree } from './engine/plan-when-free.ts';
import { copyImages, resolveImages } from './engine/resolve-images.ts';
import { mayPassInRollback } from './engine/restore-persistently.ts';
import { warnWithoutSmokeTests } from './engine/smoke-test.ts';
import { COPY, openTimeLimit, type TimeLimit } from './engine/time-limit.ts';
import { waitForAnswer } from './engine/wait.ts';
import type { WaitRequest } from './engine/wait-until-free.ts';
import type { EnsureNotOlder } from './github/guard-commits.ts';
import { openOlderCommitGuard } from './github/older-commit-guard.ts';
import { ensureTrustedEvent } from './inputs/trusted-event.ts';
import { type DeployRequest, parseInputs, recallInputs } from './inputs.ts';
import { removeDebugSwitches } from './io/debug-switches.ts';
import { type Io, openIo } from './io/io.ts';
import { REPORTED, RUN } from './io/own-state.ts';
import { readProxyEnv } from './io/proxy-env.ts';
import { isCancelled, neverAborted } from './io/signals.ts';
import { ensureChangeable } from './model/change.ts';
import { describeError } from './model/errors.ts';
import { formatImage } from './model/image.ts';
import { emptyRecord, endAs, isGreen, type Outcome, type RunRecord } from './model/outcome.ts';
import type { EditChange } from './model/workload.ts';
import { writeOutputs } from './outputs.ts';
import { findImage } from './registry/find-image.ts';
import type { Told } from './report/index.ts';
import { ensurePossible } from './strategies/ensure-possible.ts';
import { preview } from './strategies/preview.ts';

/** The main step. `signal`: aborted when the job is cancelled. True: green. */
export async function deployAction(signal: AbortSignal): Promise<boolean> {
  const io = openQuietIo();
  try {
    return await deployAndTell(io, signal);
  } finally {
    io.http.close();
    io.log.close();
  }
}

async function deployAndTell(io: Io, signal: AbortSignal): Promise<boolean> {
  const record = emptyRecord(io.clock.now());
  const announcer = await openAnnouncer(io);
  const ended = await deployOrRefuse(record, announcer, { io, signal, logins: openSharedLogins() });
  const outcome = { ...ended, notes: [...record.restored, ...ended.notes] };
  if (isCancelled(signal)) {
    io.log.info(`${describeError(signal.reason).message}: the post step says how it ended.`);
    return false;
  }
  const { evidence, ...reported } = await tell(outcome, record, io, announcer.previousCommit());
  tryWrite('outputs', io, () => writeOutputs(outcome, record, reported));
  tryWrite('state', io, () => io.state.save(REPORTED, io.state.read(RUN)));
  await announcer.end(evidence);
  return isGreen(outcome);
}

/** Before a cloud's library is loaded: it must not print what it sends. */
function openQuietIo(): Io {
  const removed = removeDebugSwitches(process.env, debugSwitches);
  const io = openIo(shortNames);
  if (removed.length > 0) io.log.info(`Not used: ${removed.join(', ')}, which would print tokens to this log.`);
  return io;
}

/** Nothing before the end needs what writes the summary. */
async function tell(...parts: Parameters<typeof import('./report/index.ts')['report']>): Promise<Told> {
  const { report } = await import('./report/index.ts');
  return await report(...parts);
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
  const io = openQuietIo();
  const record = emptyRecord(io.clock.now());
  const announcer = await openAnnouncer(io);
  const outcome = await finishOrAlarm(record, io);
  const { evidence } = await tell(outcome, record, io);
  await announcer.end(evidence);
  io.http.close();
  for (const crash of crashes) io.log.error(describeError(crash).message, 'The post step went on after an error');
  io.log.close();
  return isGreen(outcome) && crashes.length === 0;
}

/** A cancelled job is ended 5 minutes after the cancel, and main has used some of them. */
const POST_BUDGET_MS = 180_000;

async function deployOrRefuse(record: RunRecord, announcer: Announcer, context: CloudContext): Promise<Outcome> {
  const { io, signal } = context;
  try {
    readProxyEnv(io.env);
    const request = parseInputs({ ...io, parsers: announcer.parsers });
    hideValues(request, io.log);
    ensureTrustedEvent(request, io);
    await connectEarly(request, io.http);
    const deadline = io.clock.now() + request.timeoutMs;
    const limit = openTimeLimit(context);
    const limited = { ...context, signal: limit.signal };
    const ensureNotOlder = await openOlderCommitGuard(request.olderCommit, limit, limited);
    const opened = await open({ ...request, deadline, record, limit, ensureNotOlder }, limited);
    if (request.mode === 'plan') return await planDeploy(opened);
    announcer.start(record, { signal, isPreview: request.strategy === preview });
    return await copyAndDeploy(opened, context);
  } catch (error) {
    return endAs('refused', { failure: describeError(signal.aborted ? signal.reason : error) });
  }
}

interface Run extends DeployRequest {
  readonly deadline: number;
  readonly record: RunRecord;
  readonly limit: TimeLimit;
  readonly ensureNotOlder: EnsureNotOlder | null;
}

/** Without what is opened meanwhile under the same names. */
type Checked = Omit<Run, 'images' | 'registries'>;

/** What every mode starts with: the service, the images by digest, and the change beside what is live. Changes nothing. */
async function open(run: Run, context: CloudContext) {
  const { record, environment, removed, secrets, base, limit, deadline } = run;
  const { io, signal } = context;
  const service = await limit.run('find the service', deadline, () => findService(run, context));
  await run.ensureNotOlder?.(service, deadline, 'first');
  const registries = run.registries.map((opener) => opener(context));
  const registry = openImageRegistry(run, registries, context);
  const resolve = () => runPhase('Resolve the image digest', record, io, () => resolveImages(run, registry, io));
  const images = await limit.run('resolve the image digest', deadline, resolve);
  const main = images[0]?.image ?? null;
  const image = main && formatImage(main);
  Object.assign(record, { image, digest: main?.digest ?? null });
  await limit.run('verify the image', deadline, () => ensureVerified(images, run, { io, signal, registry }));
  const change: EditChange = { kind: 'edit', images, environment, removed, secrets, base };
  // What can't be deployed is refused before anything is copied.
  const compared = await compare({ ...run, ...service, change, io, signal });
  const runsOn = { platform: compared.changes.platform, resource: service.workload.resource };
  const checkPlatform = () => ensurePlatform(images, runsOn, { registry, log: io.log });
  await limit.run('check the platform of the image', deadline, checkPlatform);
  // Of what is unchanged, only what is live is tested.
  const steps = compared.changes.unchanged && !run.force ? [] : compared.steps;
  const testable = { workload: service.workload, steps, smokeTests: run.smokeTests, image };
  await limit.run('check the smoke tests', deadline, () => ensureTestable(testable, io));
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
  noteService(record, found);
  return found;
}

/** The change beside what is live, and what the strategy does with it. */
async function compare(run: Checked & WaitRequest & { readonly change: EditChange }) {
  const { workload, change, mode, limit, deadline } = run;
  ensureChangeable(change, workload);
  const plan = (moreMs: number) => limit.run('read the current state', deadline + moreMs, () => workload.plan(change));
  const changes = await (mode === 'plan' ? plan(0) : planWhenFree(plan, run));
  return { changes, steps: run.strategy.plan(run.trafficSteps, workload.capabilities) };
}

async function copyAndDeploy(opened: Awaited<ReturnType<typeof open>>, context: CloudContext): Promise<Outcome> {
  const { copyTo, images, registry: client, registries, record, limit, deadline } = opened;
  const { io } = context;
  warnWithoutSmokeTests(opened, io);
  const importers = registries.flatMap(({ importer }) => importer ?? []);
  const copying = { client, importers, record, io };
  const copy = () => runPhase('Copy the image', record, io, () => copyImages(images, copying));
  if (copyTo) await limit.run(COPY, deadline, copy);
  await opened.ensureNotOlder?.(opened, deadline, 'later');
  return await deployInTurn(opened, async (laterDeadline) => {
    const service = await limit.run('find the service', laterDeadline, () => findService(opened, context));
    await opened.ensureNotOlder?.(service, laterDeadline, 'waited');
    return { ...service, ...(await compare({ ...opened, ...service, deadline: laterDeadline })) };
  });
}

async function finishOrAlarm(record: RunRecord, io: Io): Promise<Outcome> {
  try {
    const journal = openJournal(io);
    const entry = journal.read();
    if (entry) Object.assign(record, { resource: entry.point.resource, image: entry.image });
    if (!entry || entry.phase === 'open' || entry.phase === 'closed') {
      await clearSmokeTests(io);
      return entry?.phase === 'closed' ? recalled(entry) : untouched(entry);
    }
    const request = recallInputs(io);
    hideValues(request, io.log);
    const deadline = io.clock.now() + POST_BUDGET_MS;
    const what = `${entry.point.resource} to be found`;
    const wait = { what, deadline, signal: neverAborted, mayPass: mayPassInRollback };
    // With a new login each time: an answer to a login may have been lost too.
    const open = () => request.openWorkload({ io, signal: neverAborted, logins: openSharedLogins() });
    const workload = await waitForAnswer(open, wait, io);
    const endpoint = await tryFindEndpoint(request.url, workload, io);
    noteService(record, { workload, endpoint });
    const timeoutMs = deadline - io.clock.now();
    const outcome = await finish({ ...request, workload, endpoint, entry, journal, record, io, timeoutMs });
    await clearInside({ ...request, workload }, io);
    return outcome;
  } catch (error) {
    return endAs('rollback-failed', { failure: describeError(error) });
  }
}

/** Main may have been killed while one ran. Nothing is opened where there can be none. */
async function clearSmokeTests(io: Io): Promise<void> {
  try {
    const request = recallInputs(io);
    if (request.mode === 'plan' || !request.smokeTests.some(({ inside }) => inside)) return;
    hideValues(request, io.log);
    const workload = await request.openWorkload({ io, signal: neverAborted, logins: openSharedLogins() });
    await clearInside({ ...request, workload }, io);
  } catch (error) {
    io.log.info(`did not look for smoke tests that are left in the cluster: ${describeError(error).message}`);
  }
}
