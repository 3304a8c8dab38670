import type { protos } from '@google-cloud/run';
import { DeployError } from '../../../model/errors.ts';
import { explainErrors, findStatus, type GoogleCall } from '../errors.ts';
import { retryReads } from '../retry-reads.ts';
import { type RunService, serviceName } from './service.ts';
import { readService } from './service-wire.ts';

export type Revision = protos.google.cloud.run.v2.IRevision;
export type Condition = protos.google.cloud.run.v2.ICondition;

/** How a long-running operation of Google's ended; null: it hasn't. */
export type OperationEnd = { readonly error: string | null } | null;

const MAX_SERVICES = 100;

/** @throws DeployError NOT_FOUND, … */
export async function getRevision(run: RunService, revision: string): Promise<Revision> {
  const call = { what: `read revision ${revision}`, permission: 'run.revisions.get' };
  const name = `${serviceName(run)}/revisions/${revision}`;
  const { revisions } = await run.clients();
  return await read(run, call, async (options) => (await revisions.getRevision({ name }, options))[0]);
}

/** null: there is none of that name; or not yet, as it is made some time after the request. */
export async function findRevision(run: RunService, revision: string): Promise<Revision | null> {
  try {
    return await getRevision(run, revision);
  } catch (error) {
    if (error instanceof DeployError && error.code === 'NOT_FOUND') return null;
    throw error;
  }
}

/** Of our own update. */
export async function getOperationEnd(run: RunService, name: string): Promise<OperationEnd> {
  const call = { what: `read the operation on ${run.resource}`, permission: 'run.operations.get' };
  const { services } = await run.clients();
  const [operation] = await read(run, call, (options) =>
    services.operationsClient.getOperation({ name } as never, options as never),
  );
  if (!operation.done) return null;
  return { error: operation.error?.message ?? (operation.error?.code ? `code ${operation.error.code}` : null) };
}

/** Which of the permissions we have. Asking needs none. */
export async function testPermissions(run: RunService, permissions: readonly string[]): Promise<readonly string[]> {
  const call = { what: `ask for permissions on ${run.resource}`, permission: 'run.services.get' };
  const request = { resource: serviceName(run), permissions: [...permissions] };
  const { services } = await run.clients();
  const [answer] = await read(run, call, (options) => services.testIamPermissions(request, options));
  return answer.permissions ?? [];
}

/** Short names of the services that are there. */
export async function listServices(run: RunService): Promise<readonly string[]> {
  const { project, region } = run;
  const call = { what: `list the services in ${region}`, permission: 'run.services.list' };
  const { services } = await run.clients();
  return await read(run, call, async (options) => {
    const parent = `projects/${project}/locations/${region}`;
    const names: string[] = [];
    for await (const { name } of services.listServicesAsync({ parent, pageSize: MAX_SERVICES }, options)) {
      names.push((name ?? '').split('/').at(-1) ?? '');
      if (names.length === MAX_SERVICES) break;
    }
    return names;
  });
}

interface CallOptions {
  readonly timeout: number;
  readonly retry: null;
  readonly signal: AbortSignal;
}

/**
 * The client's own retries go on for ten minutes, without a word. Over gRPC it doesn't ask for a new token when the old
 * one is refused; over REST it does, and both have the same.
 */
async function read<T>(run: RunService, call: GoogleCall, send: (options: CallOptions) => Promise<T>): Promise<T> {
  const { signal } = run.io;
  const options = { timeout: 15_000, retry: null, signal };
  const attempt = (): Promise<T> => retryReads(run.io, () => explainErrors({ ...call, signal }, () => send(options)));
  try {
    return await attempt();
  } catch (error) {
    if (findStatus(error) !== 'UNAUTHENTICATED') throw error;
    await readService(run);
    return await attempt();
  }
}
