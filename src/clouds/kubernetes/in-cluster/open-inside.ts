import { readIfPossible } from '../../../io/read-optional.ts';
import { DeployError } from '../../../model/errors.ts';
import type { Inside, Program } from '../../../model/inside.ts';
import { ensureAllowed } from '../access-review.ts';
import { ApiRefusal } from '../api.ts';
import { type ClusterWorkload, readObject } from '../cluster-workload.ts';
import { showWarnings } from '../expected-template.ts';
import { corePath } from '../workload-kind.ts';
import { jobName, jobOf, secretOf } from './job-document.ts';
import { deleteJob, findJob, holderOfJob, jobsPath, runKeyOf } from './job-of-run.ts';
import { create, type JobRunner, runJob } from './run-job.ts';
import { serviceAddress } from './service-address.ts';

/** Smoke tests as Jobs in the workload's namespace. `service`: the one that is named; null: those that select the pods. */
export function openInside(run: ClusterWorkload, service: string | null): Inside {
  let choosing: Promise<boolean> | null = null;
  const runner = (signal: AbortSignal): JobRunner => ({
    // A rollback goes on when the run is cancelled, and so do its tests.
    run: { ...run, signal, api: run.api.withSignal(signal) },
    runKey: runKeyOf(run.io),
    choosesUser: () => (choosing ??= choosesUser(run)),
  });
  return {
    check: (programs) => ensureTaken(runner(run.signal), programs),
    endpoint: () => serviceAddress(run, service),
    run: (program, limits) => runJob(runner(limits.signal), program, limits),
    clear: () => clear(run),
  };
}

/** OpenShift gives each namespace a range of users, and its policy "restricted-v2" refuses others. */
async function choosesUser({ api, io }: ClusterWorkload): Promise<boolean> {
  const find = () => api.find('/apis/security.openshift.io/v1');
  return (await readIfPossible(io.log, 'the policies of OpenShift', find)) !== null;
}

/** By dry runs, each image once. */
async function ensureTaken(runner: JobRunner, programs: readonly Program[]): Promise<void> {
  const { run, runKey } = runner;
  const jobs = { group: 'batch', resource: 'jobs' };
  const needed = [
    { verb: 'create', ...jobs },
    ...['get', 'delete'].map((verb) => ({ verb, ...jobs, name: jobName(run) })),
    { verb: 'create', group: '', resource: 'secrets' },
    { verb: 'list', group: '', resource: 'pods' },
    { verb: 'get', group: '', resource: 'pods', subresource: 'log' },
  ];
  const what = `run smoke tests of ${run.resource} in the cluster`;
  await ensureAllowed(run, needed, what);
  const workload = await readObject(run);
  // Another name: one that is there already would be refused for that.
  const name = `${jobName(run).slice(0, -'-smoke-test'.length)}-smoke-check`;
  const plan = { name, secret: name, runKey, deadlineSeconds: 60, choosesUser: await runner.choosesUser() };
  const kinds = new Map(programs.map((program) => [program.image, program]));
  try {
    for (const program of kinds.values()) {
      const { object, warnings } = await create(run, jobsPath(run), jobOf(workload, program, plan), { dryRun: 'All' });
      showWarnings(run, warnings);
      const secret = secretOf(object, { ...program, files: {} }, name);
      await create(run, corePath('secrets', run.namespace), secret, { dryRun: 'All' });
    }
  } catch (error) {
    if (!(error instanceof ApiRefusal)) throw error;
    throw new DeployError(error.code, `could not ${what}: ${error.message}`, {
      cause: error,
      ...(error.hint ? { hint: error.hint } : {}),
    });
  }
}

async function clear(run: ClusterWorkload): Promise<void> {
  const found = await findJob(run);
  const holder = holderOfJob(found, runKeyOf(run.io));
  if (found && (holder === 'ours' || holder === 'over')) await deleteJob(run, found);
}
