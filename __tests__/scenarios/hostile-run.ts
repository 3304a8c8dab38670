import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Agent } from '../../simulators/agent.ts';
import type { Exchange } from '../../simulators/edge/calls.ts';
import type { SimulatedResponse } from '../../simulators/edge/host.ts';
import type { HostileBehaviour } from '../../simulators/hostile/behaviour.ts';
import { Collector } from '../../simulators/hostile/collector.ts';
import { HostileHost } from '../../simulators/hostile/hostile-host.ts';
import { REGISTRY } from '../../simulators/hostile/registry-logins.ts';
import { HEALTHY } from '../../simulators/hostile/service-answers.ts';
import { ECR_HOST, SOURCE } from '../../simulators/world.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { findBroken } from './hostile-promises.ts';
import { H, smokeTests } from './hostile-secrets.ts';
import { containers, LIVE } from './secret-inventory.ts';

/** What a run had around it, and what came of it. */
export interface HostileRun {
  readonly agent: Agent;
  readonly before: string;
  readonly exchanges: readonly Exchange[];
  /** What came to the listener that no one may call. */
  readonly trapped: readonly string[];
  readonly report: string;
  /** Of both steps together, on the cloud's clock. */
  readonly tookMs: number;
}

/** Deploys v2 past one hostile behaviour. Returns every broken promise; none: all were kept. */
export async function playAgainst(
  program: 'registry' | 'service',
  behaviour: HostileBehaviour,
): Promise<readonly string[]> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'hostile-'));
  const trap = await openTrap();
  try {
    await plantFiles(directory);
    const host = new HostileHost({ behaviour, trap: trap.url, ...placeOf(program, behaviour) });
    const agent = await givenAgent({
      sessionToken: H.sessionToken.value,
      moreHosts: [host, new Collector()],
      service: { containers, customDomains: [LIVE] },
    });
    const { world } = agent;
    const exchanges: Exchange[] = [];
    world.edge.onExchange((exchange) => exchanges.push(exchange));
    host.standInFor(originalOf(agent, program, behaviour));
    const image = world
      .publish('v2', {})
      .replace(SOURCE.host, program === 'registry' && !behaviour.at ? REGISTRY : SOURCE.host);
    const before = JSON.stringify(agent.snapshot());
    const startedAt = world.clock.now();
    const result = await agent.deploy(
      {
        image,
        container: 'web',
        timeout: '2m',
        'environment-variables': `NEW_KEY: ${JSON.stringify(H.input.value)}`,
        'smoke-tests': smokeTests(behaviour.asks),
        ...behaviour.inputs,
      },
      { directory, workspace: path.join(directory, 'workspace'), env: { UNRELATED_API_KEY: H.job.value } },
    );
    const tookMs = world.clock.now() - startedAt;
    const report = await readFile(result.main.outputs['report'] ?? '', 'utf8').catch(() => '');
    const run = { agent, before, exchanges, trapped: trap.received, report, tookMs };
    const unused = host.count === 0 ? ['the behaviour never came about'] : [];
    return [...unused, ...(await findBroken(behaviour, result, run))];
  } finally {
    trap.close();
    await closeAgents();
    await rm(directory, { recursive: true, force: true });
  }
}

function placeOf(program: 'registry' | 'service', { at, isLasting = false }: HostileBehaviour) {
  if (program === 'service')
    return { hostnames: [LIVE], otherwise: HEALTHY, isHostile: isLasting ? () => true : isNew };
  return { hostnames: [at === 'destination' ? ECR_HOST : REGISTRY] };
}

/** The image under test is hostile; the previous revision is not. */
function isNew({ body = '' }: SimulatedResponse): boolean {
  return String(body) === 'v2';
}

function originalOf({ world }: Agent, program: 'registry' | 'service', { at }: HostileBehaviour) {
  if (program === 'registry') return at === 'destination' ? world.ecr : world.source;
  return world.aws.hosts.find((host) => host.serves(LIVE))!;
}

/** What lies around on a runner, and may be sent nowhere; and what the tests send. */
async function plantFiles(directory: string): Promise<void> {
  const secret = H.file.value;
  await mkdir(path.join(directory, 'home/.aws'), { recursive: true });
  await mkdir(path.join(directory, 'home/.docker'), { recursive: true });
  await mkdir(path.join(directory, 'workspace/.git'), { recursive: true });
  await writeFile(path.join(directory, 'home/.aws/credentials'), secret);
  await writeFile(
    path.join(directory, 'home/.docker/config.json'),
    JSON.stringify({ auths: { 'quay.io': { auth: Buffer.from(`robot:${secret}`).toString('base64') } } }),
  );
  await writeFile(path.join(directory, 'outside.json'), JSON.stringify(secret));
  await writeFile(path.join(directory, 'workspace/.git/config'), secret);
  await writeFile(path.join(directory, 'workspace/payload.json'), JSON.stringify({ payload: H.payload.value }));
  await symlink('../outside.json', path.join(directory, 'workspace/link.json'));
}

/** A listener beside the proxy, as NO_PROXY has it for this machine. */
async function openTrap() {
  const received: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    received.push('');
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      received.push(bytes.toString('latin1'));
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
