import { randomBytes } from 'node:crypto';
import { DeployError, describeError, isTransient } from '../../../model/errors.ts';
import { NotRun, type Program, type ProgramEnd, type ProgramLimits } from '../../../model/inside.ts';
import { type JsonObject, listAt, textAt, valueAt } from '../../../model/json.ts';
import { ApiRefusal } from '../api.ts';
import { type ClusterWorkload, readObject, sayOnce } from '../cluster-workload.ts';
import type { PodReading } from '../judge-pods.ts';
import { openPodJudge } from '../judge-pods.ts';
import type { PodFinding } from '../pod-finding.ts';
import { readEvents, readPods } from '../pods.ts';
import { MANAGER } from '../rollout-annotation.ts';
import { corePath } from '../workload-kind.ts';
import { decideProgram, type ProgramDecision } from './decide-program.ts';
import { CONTAINER, jobName, jobOf, secretOf } from './job-document.ts';
import { deleteJob, findJob, holderOfJob, jobsPath, tryDeleteJob } from './job-of-run.ts';

const POLL_MS = 1_000;
/** Until then, most pods are simply about to be created. */
const CREATED_MS = 2_000;
/** For a pod to start, and for us to see it and delete its Job. */
const MARGIN_SECONDS = 180;
/** A rollout waits longer for room; a smoke test is tried again. */
const LONGEST_TROUBLE_MS = 15_000;

export interface JobRunner {
  readonly run: ClusterWorkload;
  readonly runKey: string;
  choosesUser(): Promise<boolean>;
}

/** See `Inside.run`. The Job first: what its Secret holds goes with it, whatever happens. */
export async function runJob(runner: JobRunner, program: Program, limits: ProgramLimits): Promise<ProgramEnd> {
  const secret = `${jobName(runner.run)}-${randomBytes(4).toString('hex')}`;
  const { run } = runner;
  const job = await asNotRun(() => createJob(runner, { program, secret, limits }));
  try {
    const body = secretOf(job, program, secret);
    await asNotRun(() => create(run, corePath('secrets', run.namespace), body));
    return await waitForEnd(run, job, limits);
  } finally {
    await tryDeleteJob(run, job, limits.signal);
  }
}

export function create(run: ClusterWorkload, path: string, body: JsonObject, dry: { dryRun?: 'All' } = {}) {
  const query = { fieldManager: MANAGER, fieldValidation: 'Strict', ...dry };
  return run.api.change({ method: 'POST', path, body, query });
}

interface Creation {
  readonly program: Program;
  readonly secret: string;
  readonly limits: ProgramLimits;
}

/** Where one is there already, it is removed or waited for first. */
async function createJob(runner: JobRunner, { program, secret, limits }: Creation): Promise<JsonObject> {
  const { run, runKey } = runner;
  const { timeoutMs, deadline, signal } = limits;
  const deadlineSeconds = Math.ceil(timeoutMs / 1_000) + MARGIN_SECONDS;
  const plan = { name: jobName(run), secret, runKey, deadlineSeconds, choosesUser: await runner.choosesUser() };
  const document = jobOf(await readObject(run), program, plan);
  for (;;) {
    signal.throwIfAborted();
    try {
      return (await create(run, jobsPath(run), document)).object;
    } catch (error) {
      if (!(error instanceof ApiRefusal) || error.reason !== 'AlreadyExists') throw error;
      await makeWay(runner, error);
    }
    if (run.io.clock.now() >= deadline) throw timeIsUp('another run’s smoke test was still running');
    await run.io.clock.sleep(POLL_MS, signal);
  }
}

async function makeWay({ run, runKey }: JobRunner, taken: ApiRefusal): Promise<void> {
  const found = await findJob(run);
  const holder = holderOfJob(found, runKey);
  if (holder === 'another user') {
    const name = jobName(run);
    const hint = `Rename or delete job ${name}, as a smoke test of this workload gets its name.`;
    throw new DeployError(
      'DEPLOY_REJECTED',
      `could not run it: there is a job ${name} that deploy-agent did not make`,
      {
        hint,
        cause: taken,
      },
    );
  }
  if (holder === 'another run')
    sayOnce(run, 'info', `job ${jobName(run)} of another run has to end first: waiting for it`);
  // Its request may have got no answer.
  if (found && (holder === 'ours' || holder === 'over')) await deleteJob(run, found);
}

async function waitForEnd(run: ClusterWorkload, job: JsonObject, limits: ProgramLimits): Promise<ProgramEnd> {
  const { timeoutMs, deadline, signal } = limits;
  const { clock } = run.io;
  const judge = openPodJudge();
  const madeAt = clock.now();
  let runningSince: number | null = null;
  for (;;) {
    signal.throwIfAborted();
    const pod = await findPod(run, job);
    if (isRunning(pod)) runningSince ??= clock.now();
    const now = clock.now();
    const readings = pod ? (await readPods(run, [pod])).map(hastened) : [];
    const events = !pod && now - madeAt >= CREATED_MS ? await readEvents(run, job) : [];
    const times = { ageMs: now - madeAt, runningMs: runningSince === null ? 0 : now - runningSince, timeoutMs };
    const decision = decideProgram({ pod, verdict: judge(readings, now), events, ...times });
    if (decision.act === 'ended') return await readEnd(run, pod!, decision);
    if (decision.act === 'failed') throw notRun(decision.why, decision);
    if (now >= deadline) {
      if (pod && runningSince !== null) return await readEnd(run, pod, { act: 'ended', exitCode: -1, timedOut: true });
      throw timeIsUp('its pod had not started');
    }
    await clock.sleep(POLL_MS, signal);
  }
}

async function findPod({ api, namespace }: ClusterWorkload, job: JsonObject): Promise<JsonObject | null> {
  const labelSelector = `batch.kubernetes.io/controller-uid=${textAt(job, 'metadata', 'uid')}`;
  const [pod = null] = await api.list(corePath('pods', namespace), { labelSelector });
  return pod;
}

function isRunning(pod: JsonObject | null): boolean {
  const statuses = listAt(pod ?? {}, 'status', 'containerStatuses');
  return statuses.some((one) => textAt(one, 'name') === CONTAINER && valueAt(one, 'state', 'running') !== undefined);
}

function hastened({ pod, findings }: PodReading): PodReading {
  return { pod, findings: findings.map((one) => ({ ...one, fatalAfterMs: hastenedMs(one) })) };
}

/** A rollout waits for room as long as the platform does; a smoke test tells it. */
function hastenedMs({ reason, fatalAfterMs, isHelped = false }: PodFinding): number | null {
  if (fatalAfterMs === null) return reason === 'Unschedulable' && !isHelped ? LONGEST_TROUBLE_MS : null;
  return Math.min(fatalAfterMs, LONGEST_TROUBLE_MS);
}

async function readEnd(
  { api, namespace }: ClusterWorkload,
  pod: JsonObject,
  { exitCode, timedOut }: Extract<ProgramDecision, { act: 'ended' }>,
): Promise<ProgramEnd> {
  const path = `${corePath('pods', namespace)}/${encodeURIComponent(textAt(pod, 'metadata', 'name'))}/log`;
  return { exitCode, timedOut, output: await api.text(path, { container: CONTAINER }) };
}

function timeIsUp(what: string): NotRun {
  return notRun(`${what} when the run’s time was up`, { hint: null, isFinal: true });
}

function notRun(why: string, { hint, isFinal }: { readonly hint: string | null; readonly isFinal: boolean }): NotRun {
  const options = { isFinal, ...(hint === null ? {} : { hint }) };
  return new NotRun('SMOKE_TEST_FAILED', `could not run it in the cluster: ${why}`, options);
}

/** What the API server refuses is the cluster's affair and not the revision's. */
async function asNotRun<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof DeployError) || error instanceof NotRun || error.code === 'CANCELLED') throw error;
    const mayPass = isTransient(error) || /exceeded quota/i.test(error.message);
    throw notRun(describeError(error).message, { hint: error.hint, isFinal: !mayPass });
  }
}
