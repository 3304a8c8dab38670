import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { runStage } from '../../simulators/runner.ts';
import { openWorld, type World } from '../../simulators/world.ts';
import { type GoogleExchange, recordGoogleExchanges } from './exchanges.ts';

const CLIENT = path.resolve(import.meta.dirname, '../../__tests__/fixtures/google/run-client.mjs');
const PARENT = 'projects/acme-prod/locations/europe-west1';
const name = `${PARENT}/services/agent`;
const pinned = (revision: string, percent: number, tag?: string) => ({
  ...{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision, percent },
  ...(tag ? { tag } : {}),
});
const update = (service: object, ...paths: string[]) => ({
  call: 'updateService',
  request: { service: { name, ...service }, updateMask: { paths } },
});
const named = (revision: string, image: string, more: object = {}) => ({ revision, containers: [{ image }], ...more });

/** A life of a service in all its states, told by the official client library over REST, and recorded. */
export async function playRunStories(directory: string, exchanges: GoogleExchange[]): Promise<void> {
  const world = await openWorld();
  recordGoogleExchanges(world, exchanges);
  const images = publish(world);
  const secret = {
    env: [{ name: 'KEY', valueSource: { secretKeyRef: { secret: 'openai-api-key', version: 'latest' } } }],
  };
  world.google.addService({
    service: 'agent',
    template: {
      revision: 'agent-one',
      ...{
        containers: [{ image: images.v1, futureContainerField: { deep: [1, 'two'] }, ...secret }],
        futureTemplateField: 1,
      },
    },
    extras: {
      labels: { team: 'agents' },
      annotations: { note: '1' },
      futureServiceField: true,
      customAudiences: ['https://a.dev'],
    },
  });
  await mkdir(directory, { recursive: true });
  await run(world, directory, orders(images));
  await waitInRest(world);
  world.google.deny('run.services.update');
  await run(world, directory, [update({ labels: { a: 'b' } }, 'labels')]);
  await world.close();
}

function publish(world: World) {
  const crash = { afterMs: 500, exitCode: 1, logs: [] };
  return {
    v1: world.publish('v1', {}),
    v2: world.publish('v2', {}),
    crashing: world.publish('crashing', { crash }),
    missing: 'ghcr.io/acme/agent:none',
  };
}

function orders(images: ReturnType<typeof publish>): object[] {
  const canary = [pinned('agent-one', 100), pinned('agent-two', 0, 'canary')];
  return [
    { call: 'getService', request: { name } },
    { call: 'listServices', request: { parent: PARENT } },
    { call: 'testIamPermissions', request: { resource: name, permissions: ['run.services.update'] } },
    { call: 'getIamPolicy', request: { resource: name } },
    { call: 'getService', request: { name: `${name}x` } },
    update(
      { template: named('agent-two', images.v2, { scaling: { minInstanceCount: 1 } }), traffic: canary },
      'template',
      'traffic',
    ),
    update({ traffic: [pinned('agent-one', 95), pinned('agent-two', 5, 'canary')] }, 'traffic'),
    { call: 'getService', request: { name } },
    { client: 'revisions', call: 'getRevision', request: { name: `${name}/revisions/agent-two` } },
    update({ template: named('agent-three', images.crashing) }, 'template'),
    update({ template: named('agent-four', images.missing) }, 'template'),
    update({ traffic: [pinned('agent-none', 100)] }, 'traffic'),
    { client: 'revisions', call: 'listRevisions', request: { parent: name } },
    { client: 'revisions', call: 'deleteRevision', request: { name: `${name}/revisions/agent-three` } },
    { client: 'revisions', call: 'deleteRevision', request: { name: `${name}/revisions/agent-one` } },
    update({ template: named('agent-two', images.v1) }, 'template'),
    update({ etag: '"stale"', labels: { team: 'others' } }, 'labels'),
    update({ traffic: [pinned('agent-one', 90)] }, 'traffic'),
    {
      call: 'createService',
      request: { parent: PARENT, serviceId: 'other', service: { template: { containers: [{ image: images.v1 }] } } },
    },
    { call: 'operationsClient.listOperations', request: { name: PARENT } },
    { call: 'deleteService', request: { name: `${PARENT}/services/other` } },
  ];
}

/** The library has no call for it, and its own polls do without. */
async function waitInRest({ google, env }: World): Promise<void> {
  const { path } = google.wireLog.find(({ operation }) => operation === 'run:GetOperation')!;
  const proxyEnv = { HTTPS_PROXY: env['HTTPS_PROXY'] };
  const agent = new https.Agent({ proxyEnv, ca: await readFile(env['NODE_EXTRA_CA_CERTS'] ?? '') });
  const headers = { authorization: `Bearer ${google.issueToken()}`, 'content-type': 'application/json' };
  const request = https.request(`https://run.googleapis.com${path}:wait`, { method: 'POST', agent, headers });
  request.end(JSON.stringify({ timeout: '5s' }));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  agent.destroy();
}

async function run(world: World, directory: string, list: readonly object[]): Promise<void> {
  const { env } = await world.google.logIn(directory, world.github);
  const inputs = { orders: JSON.stringify(list) };
  const all = { ...world.edge.env, ...env, NODE_USE_ENV_PROXY: '1' };
  const { exitCode, log } = await runStage({ entry: CLIENT, inputs, env: all });
  if (exitCode !== 0) throw new Error(log);
}
