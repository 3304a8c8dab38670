import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { JsonObject } from '../../simulators/json.ts';
import { openWorld, type World } from '../../simulators/world.ts';
import { type ProgramResult, runProgram } from '../run-program.ts';
import type { Tally } from '../tally.ts';

interface Gcloud {
  run(...args: readonly string[]): Promise<ProgramResult>;
  // biome-ignore lint/suspicious/noExplicitAny: what gcloud prints
  json(...args: readonly string[]): Promise<any>;
  /** The last document that was sent to it. */
  lastBody(): unknown;
}

interface Referee {
  readonly program: string;
  readonly tally: Tally;
  readonly directory: string;
}

const SERVICE = 'agent';
const here = ['--region', 'europe-west1'];
const pinned = (revision: string, percent: number, tag?: string) => ({
  ...{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision, percent },
  ...(tag ? { tag } : {}),
});

/** gcloud reads a service with a canary and a failed revision behind it, by its own client, and is refused. */
export async function checkWithGcloud({ program, tally, directory }: Referee): Promise<void> {
  const world = await openWorld();
  await stage(world);
  const gcloud = await openGcloud(program, world, directory);
  for (const args of [
    ['services', 'describe', SERVICE],
    ['services', 'list'],
    ['revisions', 'list', '--service', SERVICE],
    ['revisions', 'describe', 'agent-two'],
  ]) {
    await tally.check(`gcloud run ${args.slice(0, 2).join(' ')} prints the whole response`, () =>
      sameAsWire(gcloud, args),
    );
  }
  await tally.check('gcloud reads traffic, conditions and revisions as v2 shows them', () => sameState(gcloud, world));
  await tally.check('gcloud reports why a revision failed', async () => {
    const { stdout } = await gcloud.run('revisions', 'list', '--service', SERVICE);
    assert.match(stdout, /X\s+agent-three\s+/);
    assert.match(stdout, /✔\s+agent-two\s+yes/);
    return undefined;
  });
  await tally.check('gcloud reports a missing service and an expired token', async () => {
    const missing = await gcloud.run('services', 'describe', 'agnet');
    assert.match(missing.stderr, /Cannot find service \[agnet\]/);
    world.google.expireTokens();
    const stale = await gcloud.run('services', 'describe', SERVICE);
    assert.match(stale.stderr, /invalid authentication credentials/i);
    assert.deepEqual([missing.exitCode, stale.exitCode], [1, 1]);
    return undefined;
  });
  await world.close();
}

/** agent-one at 90%, agent-two at 10% with a tag; agent-three, which crashed, is the latest that was made. */
async function stage({ google, clock, publish }: World): Promise<void> {
  const image = publish('v1', {});
  const extras = { labels: { team: 'agents' }, annotations: { note: 'kept' } };
  google.addService({ service: SERVICE, image, template: { revision: 'agent-one' }, extras });
  const deploy = async (revision: string, tag: string, behaviour: object): Promise<void> => {
    google.foreignUpdate(SERVICE, { template: { revision, containers: [{ image: publish(tag, behaviour) }] } });
    await clock.advance(60_000);
  };
  await deploy('agent-two', 'v2', {});
  google.foreignTraffic(SERVICE, [pinned('agent-one', 90), pinned('agent-two', 10, 'canary')]);
  await clock.advance(60_000);
  await deploy('agent-three', 'v3', { crash: { afterMs: 500, exitCode: 1, logs: [] } });
}

async function sameAsWire(gcloud: Gcloud, args: readonly string[]): Promise<string> {
  const printed: unknown = await gcloud.json(...args);
  const sent = gcloud.lastBody() as { items?: unknown };
  assert.deepEqual(printed, 'items' in sent ? sent.items : sent);
  return `${countValues(sent)} values`;
}

function countValues(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, member) => sum + countValues(member), 0);
}

async function sameState(gcloud: Gcloud, { google }: World): Promise<string> {
  const { status } = await gcloud.json('services', 'describe', SERVICE);
  const service = google.look(SERVICE);
  assert.deepEqual(
    status.traffic.map(({ revisionName, percent }: JsonObject) => `${revisionName} ${percent}`),
    service.routes.map(({ revision, percent }) => `${revision.id} ${percent}`),
  );
  const ready = status.conditions.find(({ type }: JsonObject) => type === 'Ready');
  assert.deepEqual([ready.status, ready.reason], ['False', 'RevisionFailed']);
  assert.match(ready.message, /agent-three/);
  assert.deepEqual([status.latestReadyRevisionName, status.latestCreatedRevisionName], ['agent-two', 'agent-three']);
  const revisions = await gcloud.json('revisions', 'list', '--service', SERVICE);
  const names = revisions.map(({ metadata }: { metadata: JsonObject }) => metadata['name']);
  assert.deepEqual(names, ['agent-three', 'agent-two', 'agent-one']);
  return `${names.length} revisions`;
}

async function openGcloud(program: string, world: World, directory: string): Promise<Gcloud> {
  await mkdir(directory, { recursive: true });
  let lastBody = '{}';
  world.edge.onExchange(({ answer }) => {
    lastBody = String(answer.body);
  });
  const { NODE_OPTIONS: _, SIM_CLOCK_PORT: __, ...proxied } = world.env;
  const authority = world.env['NODE_EXTRA_CA_CERTS'] ?? '';
  const env = {
    ...proxied,
    HOME: directory,
    CLOUDSDK_CONFIG: path.join(directory, 'config'),
    CLOUDSDK_AUTH_ACCESS_TOKEN: world.google.issueToken(),
    CLOUDSDK_CORE_PROJECT: world.google.project,
    CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE: authority,
    REQUESTS_CA_BUNDLE: authority,
    CLOUDSDK_CORE_DISABLE_PROMPTS: 'true',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: 'true',
  };
  const run = (...args: readonly string[]): Promise<ProgramResult> =>
    runProgram(program, ['run', ...args, ...here], { env, timeoutMs: 120_000 });
  return {
    run,
    async json(...args) {
      const { exitCode, stdout, stderr } = await run(...args, '--format', 'json');
      if (exitCode !== 0) throw new Error(`gcloud ended with ${exitCode}: ${stderr.slice(-2_000)}`);
      return JSON.parse(stdout);
    },
    lastBody: () => JSON.parse(lastBody) as unknown,
  };
}
