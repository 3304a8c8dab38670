import { ContainerAppsAPIClient } from '@azure/arm-appcontainers';
import { createHttpHeaders, type HttpClient } from '@azure/core-rest-pipeline';
import type { ArmExchange } from './azure-exchanges.ts';

type Read = (client: ContainerAppsAPIClient) => Promise<unknown> | AsyncIterable<unknown>;

const NAMES = ['group', 'app', 'part'] as const;

/** How the client reads what these operations answer. */
const READS: Readonly<Record<string, Read>> = {
  ContainerApps_Get: (client) => client.containerApps.get(...two()),
  ContainerApps_ListSecrets: (client) => client.containerApps.listSecrets(...two()),
  ContainerApps_GetAuthToken: (client) => client.containerApps.getAuthToken(...two()),
  ContainerAppsAuthConfigs_Get: (client) => client.containerAppsAuthConfigs.get(...NAMES),
  ContainerAppsRevisions_GetRevision: (client) => client.containerAppsRevisions.getRevision(...NAMES),
  ContainerAppsRevisions_ListRevisions: (client) => client.containerAppsRevisions.listRevisions(...two()),
  ContainerAppsRevisionReplicas_ListReplicas: (client) => client.containerAppsRevisionReplicas.listReplicas(...NAMES),
  ManagedEnvironments_Get: (client) => client.managedEnvironments.get(...two()),
};

/** Members of recorded answers that the client drops: it keeps only what its version of the API knows. */
export async function findLost(
  exchanges: readonly ArmExchange[],
  planted: readonly string[],
): Promise<{ readonly checked: number; readonly lost: readonly string[] }> {
  const answers = exchanges.filter(({ operation, answer }) => answer.status === 200 && operation in READS);
  const lost: string[] = [];
  for (const { operation, answer } of answers) {
    const value = await readBack(READS[operation]!, answer.body);
    const kept = leavesOf(value);
    for (const leaf of leavesOf(JSON.parse(answer.body))) {
      const index = kept.indexOf(leaf);
      if (index >= 0) kept.splice(index, 1);
      else if (!planted.some((name) => leaf.includes(name))) lost.push(`${operation}: ${leaf}`);
    }
  }
  return { checked: answers.length, lost };
}

async function readBack(read: Read, body: string): Promise<unknown> {
  const httpClient: HttpClient = {
    sendRequest: async (request) => ({
      request,
      status: 200,
      headers: createHttpHeaders({ 'content-type': 'application/json' }),
      bodyAsText: body,
    }),
  };
  const credential = { getToken: async () => ({ token: 'token', expiresOnTimestamp: Date.now() + 3_600_000 }) };
  const answer = read(new ContainerAppsAPIClient(credential, 'subscription', { httpClient }));
  if (!(Symbol.asyncIterator in answer)) return await answer;
  const all: unknown[] = [];
  for await (const item of answer) all.push(item);
  return all;
}

/** `name=value` of everything that isn't an object or a list, whatever its level: the client lifts `properties` up. */
function leavesOf(value: unknown, name = ''): string[] {
  if (value instanceof Date) return [`${name}=${JSON.stringify(value.toISOString())}`];
  if (Array.isArray(value)) return value.flatMap((item) => leavesOf(item, name));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, member]) =>
      leavesOf(member, key).map((leaf) => (key.startsWith('future') ? `${key}.${leaf}` : leaf)),
    );
  }
  return value === undefined ? [] : [`${name}=${JSON.stringify(value)}`];
}

function two(): [string, string] {
  return [NAMES[0], NAMES[1]];
}
