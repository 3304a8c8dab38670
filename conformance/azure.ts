import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { APP, openAzureStage } from '../__tests__/fixtures/azure/azure-stage.ts';
import { RESOURCE_GROUP, SUBSCRIPTION } from '../simulators/azure/azure-cloud.ts';
import { openWorld } from '../simulators/world.ts';
import { doctoredArmExchanges } from './azure-doctored.ts';
import { type ArmExchange, PLANTED, recordArm } from './azure-exchanges.ts';
import { findLost } from './azure-lost-members.ts';
import { runWell } from './run-program.ts';
import type { Tally } from './tally.ts';

export interface AzureReferee {
  /** A Python that has Microsoft's clients. */
  readonly program: string;
  readonly tally: Tally;
  readonly directory: string;
}

/** Of Azure Kubernetes Service, whose client is not installed: docs/conformance.md says so. */
const UNCHECKED = ['ManagedClusters_ListClusterUserCredentials'];

interface Findings {
  readonly operations: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly planted: Readonly<Record<string, number>>;
  /** Values that only the documentation has. */
  readonly undocumented: Readonly<Record<string, number>>;
  /** Each begins with the number of its exchange, from 1. */
  readonly problems: readonly string[];
}

/** Checks the simulated Azure with Microsoft's own clients: their models check the exchanges, and the clients run the operations. */
export async function checkWithAzureClients(referee: AzureReferee): Promise<void> {
  const { tally } = referee;
  await mkdir(referee.directory, { recursive: true });
  const exchanges: ArmExchange[] = [];
  await tally.check('every simulated ARM operation is called and recorded', async () => {
    await recordArm(exchanges);
    return `${exchanges.length} exchanges with ARM`;
  });
  await checkModels(referee, exchanges);
  await tally.check('@azure/arm-appcontainers keeps every member of a response except the planted ones', async () => {
    const { checked, lost } = await findLost(exchanges, PLANTED);
    assert.deepEqual(lost, []);
    const doctored = exchanges.map((exchange) => ({
      ...exchange,
      answer: { ...exchange.answer, body: exchange.answer.body.replace('"targetPort"', '"targetport"') },
    }));
    assert.ok((await findLost(doctored, PLANTED)).lost.length > 0, 'it would not notice a misspelt member');
    return `${checked} answers`;
  });
  await checkPythonClient(referee);
}

async function checkModels(referee: AzureReferee, exchanges: readonly ArmExchange[]): Promise<void> {
  const { tally } = referee;
  const found = await checkExchanges(referee, 'arm.jsonl', exchanges);
  await tally.check("the models of Microsoft's Python clients agree with all that was sent and answered", async () => {
    assert.deepEqual(found.problems.slice(0, 20), []);
    return `${exchanges.length} exchanges; beyond the published API: ${Object.keys(found.undocumented).sort().join(', ')}`;
  });
  await tally.check('the clients cover every simulated operation, refusals and the planted members', async () => {
    const { azure, close } = await openWorld();
    await close();
    assert.deepEqual(
      Object.keys(found.operations).sort(),
      [...azure.operations, 'arm:unknown']
        .map((name) => name.slice(4))
        .filter((name) => !UNCHECKED.includes(name))
        .sort(),
    );
    assert.deepEqual(Object.keys(found.planted).sort(), [...PLANTED].sort());
    assert.ok(Object.keys(found.errors).length > 6);
    return `errors: ${Object.keys(found.errors).sort().join(', ')}`;
  });
  await tally.check('the clients find every planted error', async () => {
    const doctored = doctoredArmExchanges(exchanges);
    const { problems } = await checkExchanges(
      referee,
      'arm-doctored.jsonl',
      doctored.map(({ exchange }) => exchange),
    );
    const numbers = new Set(problems.map((problem) => Number(problem.split(' ')[0])));
    const missed = doctored.filter((_, index) => !numbers.has(index + 1)).map(({ mistake }) => mistake);
    assert.deepEqual(missed, []);
    return `${doctored.length} of ${doctored.length}`;
  });
}

/** It lives on real time, so the cloud's is moved by hand, a second each fifth of a second. */
async function checkPythonClient({ program, tally, directory }: AzureReferee): Promise<void> {
  await tally.check("Microsoft's Python client reads, changes and polls an app, and reports refusals", async () => {
    const stage = await openAzureStage({ revisionSuffix: 'v1', staging: { retryAfterSeconds: 1 } });
    const image = stage.image('v2');
    const pace = setInterval(() => void stage.world.clock.advance(1_000), 200);
    const { NODE_OPTIONS: _, SIM_CLOCK_PORT: __, ...proxied } = stage.world.env;
    const env = {
      ...proxied,
      REQUESTS_CA_BUNDLE: stage.world.env['NODE_EXTRA_CA_CERTS'] ?? '',
      AZURE_TOKEN: stage.world.azure.issueToken(),
      HOME: directory,
      PYTHONDONTWRITEBYTECODE: '1',
    };
    const script = path.join(import.meta.dirname, 'azure_client.py');
    const args = [script, SUBSCRIPTION, RESOURCE_GROUP, APP, image];
    const text = await runWell(program, args, { env }).finally(() => clearInterval(pace));
    await stage.close();
    assert.deepEqual(JSON.parse(text), {
      before: 'agent--v1',
      after: 'agent--python',
      provisioning: 'Succeeded',
      image,
      kept: 8080,
      weights: { 'agent--v1': 100, 'agent--python': 0 },
      missing: 'ResourceNotFoundError ResourceNotFound',
      suffix: 'HttpResponseError ContainerAppOperationError',
    });
    return undefined;
  });
}

async function checkExchanges(
  referee: AzureReferee,
  name: string,
  exchanges: readonly ArmExchange[],
): Promise<Findings> {
  const file = path.join(referee.directory, name);
  await writeFile(file, exchanges.map((exchange) => `${JSON.stringify(exchange)}\n`).join(''));
  const script = path.join(import.meta.dirname, 'check_arm.py');
  const env = { PYTHONDONTWRITEBYTECODE: '1', HOME: referee.directory };
  return JSON.parse(await runWell(referee.program, [script, file, ...PLANTED], { env })) as Findings;
}
