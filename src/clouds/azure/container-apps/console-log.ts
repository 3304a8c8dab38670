import type { Replica, ReplicaContainer } from '@azure/arm-appcontainers';
import { readBody } from '../../../io/http.ts';
import { readOptional } from '../../../io/read-optional.ts';
import { DeployError } from '../../../model/errors.ts';
import { type ContainerApp, readAzure } from './app.ts';

export interface ConsoleLogs {
  readonly logs: readonly { readonly source: string; readonly lines: readonly string[] }[];
  /** Why some are missing: one line each. */
  readonly facts: readonly string[];
}

const LINES = 40;
const MAX_LINE_CHARACTERS = 1_000;
const MAX_CONTAINERS = 3;
const MAX_BYTES = 256 * 1024;
const TIMEOUT_MS = 15_000;

/** The last log lines of a revision's containers: of those that are not ready, else of all. */
export async function readConsoleLogs(app: ContainerApp, replicas: readonly Replica[]): Promise<ConsoleLogs> {
  const containers = chooseContainers(replicas);
  if (containers.length === 0) return { logs: [], facts: [] };
  const facts: string[] = [];
  const tell = ({ message }: DeployError): void =>
    void facts.push(`${message}: the containers’ last log lines are not shown`);
  const logs = await readOptional(() => readTails(app, containers), { without: 'any', tell });
  return { logs: logs ?? [], facts };
}

async function readTails(app: ContainerApp, containers: readonly ReplicaContainer[]): Promise<ConsoleLogs['logs']> {
  const token = await getStreamToken(app);
  const logs = [];
  for (const { name = '', logStreamEndpoint = '' } of containers) {
    const lines = await readTail(app, logStreamEndpoint, token);
    if (lines.length > 0) logs.push({ source: `container ${name}`, lines });
  }
  return logs;
}

function chooseContainers(replicas: readonly Replica[]): readonly ReplicaContainer[] {
  const containers = replicas.flatMap((replica) => [...(replica.initContainers ?? []), ...(replica.containers ?? [])]);
  const failing = containers.filter(({ ready }) => ready !== true);
  const chosen = failing.length > 0 ? failing : containers;
  // The same container of each replica prints the same.
  return [...new Map(chosen.map((container) => [container.name, container])).values()].slice(0, MAX_CONTAINERS);
}

/** Good for this app's log streams only. */
async function getStreamToken(app: ContainerApp): Promise<string> {
  const call = { what: `read the logs of ${app.resource}`, action: 'Microsoft.App/containerApps/getAuthToken/action' };
  const { containerApps } = app.arm.client;
  const { token } = await readAzure(app, call, (options) =>
    containerApps.getAuthToken(app.resourceGroup, app.name, options),
  );
  if (!token) {
    throw new DeployError('AUTH_FAILED', `could not ${call.what}: no token was returned`, { hint: 'Run again.' });
  }
  app.io.log.mask(token);
  return token;
}

async function readTail(app: ContainerApp, endpoint: string, token: string): Promise<readonly string[]> {
  const url = URL.parse(endpoint);
  if (url?.protocol !== 'https:') return [];
  url.searchParams.set('follow', 'false');
  url.searchParams.set('tailLines', String(LINES));
  url.searchParams.set('output', 'text');
  const { io, signal } = app;
  const headers = { authorization: `Bearer ${token}`, 'user-agent': 'deploy-agent' };
  const response = await io.http.send({ method: 'GET', url, headers, timeoutMs: TIMEOUT_MS, signal });
  const body = await readBody(response, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS });
  if (response.status !== 200) {
    throw new DeployError('NETWORK', `could not read the logs of ${app.resource}: status ${response.status}`, {
      hint: 'Read them with az containerapp logs show.',
    });
  }
  return body
    .toString('utf8')
    .split('\n')
    .map(cleanLine)
    .filter((line) => line !== '');
}

/** `2026-11-26T13:00:00.1Z stdout F text` -> `text`. */
function cleanLine(line: string): string {
  return line
    .replace(/^\S+Z\s+(?:std(?:out|err) [FP] )?/, '')
    .trimEnd()
    .slice(0, MAX_LINE_CHARACTERS);
}
