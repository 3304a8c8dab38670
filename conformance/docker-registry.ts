import assert from 'node:assert/strict';
import path from 'node:path';
import { buildImage } from '../simulators/images.ts';
import { ECR_HOST, openWorld, SOURCE, type World } from '../simulators/world.ts';
import { type RealRegistry, startRealRegistry } from './real-registry.ts';
import { type Place, runCopy } from './run-copy.ts';
import { openSkopeo, type Skopeo } from './skopeo-client.ts';
import type { Tally } from './tally.ts';

export interface DockerRegistryReferee {
  readonly program: string;
  /** It looks at what was copied. */
  readonly skopeo: string;
  readonly tally: Tally;
  readonly directory: string;
}

interface Parts {
  readonly tally: Tally;
  readonly world: World;
  readonly skopeo: Skopeo;
  readonly from: RealRegistry;
  readonly to: RealRegistry;
  /** It wants a password, and takes a tenth of a second to check it with each request. */
  readonly locked: RealRegistry;
  readonly ecrLogin: string;
}

const TAGS = ['v1', 'multi'] as const;
const sourceLogin = `${SOURCE.username}:${SOURCE.password}`;

/** Our own copy between docker-registry and itself, and between it and the simulated registries. */
export async function checkWithDockerRegistry(referee: DockerRegistryReferee): Promise<void> {
  const world = await openWorld();
  const images = {
    v1: buildImage({ seed: 'v1', behaviour: {}, layers: 4, layerBytes: 3_000_000 }),
    multi: buildImage({ seed: 'multi', behaviour: {}, platforms: ['linux/amd64', 'linux/arm64', 'linux/arm/v7'] }),
  };
  for (const tag of TAGS) world.source.seed(SOURCE.repository, tag, images[tag]);
  world.ecr.createRepository('agent');
  const start = (name: string): Promise<RealRegistry> =>
    startRealRegistry(referee.program, { directory: path.join(referee.directory, name), locked: name === 'locked' });
  const [from, to, locked] = await Promise.all([start('from'), start('to'), start('locked')]);
  try {
    const skopeo = await openSkopeo(referee.skopeo, world, path.join(referee.directory, 'skopeo'));
    const ecrLogin = `AWS:${world.aws.issuePassword()}`;
    const parts: Parts = { tally: referee.tally, world, skopeo, from, to, locked, ecrLogin };
    for (const tag of TAGS) await checkRoutes(parts, tag, images[tag].digest);
    await checkRepeats(parts);
    await checkWrongPassword(parts);
  } finally {
    await Promise.all([from.close(), to.close(), locked.close(), world.close()]);
  }
}

/** skopeo fills the first docker-registry; everything further is copied by us, each hop by another kind of pair. */
async function checkRoutes(parts: Parts, tag: (typeof TAGS)[number], digest: string): Promise<void> {
  const { tally, skopeo, from, to, locked, ecrLogin } = parts;
  const simulated: Place = { name: `${SOURCE.host}/${SOURCE.repository}`, login: sourceLogin };
  const first: Place = { name: `${from.host}/filled/agent`, login: null };
  const second: Place = { name: `${to.host}/acme/agent`, login: null };
  const third: Place = { name: `${locked.host}/acme/agent`, login: locked.login };
  const ecr: Place = { name: `${ECR_HOST}/agent`, login: ecrLogin };
  await tally.check(`skopeo copies ${tag} from the simulated registry into docker-registry`, async () => {
    const all = ['copy', '--all', '--preserve-digests', '--dest-tls-verify=false', '--src-creds', sourceLogin];
    await skopeo.say(...all, `docker://${simulated.name}:${tag}`, `docker://${first.name}:${tag}`);
    assert.equal(await digestAt(skopeo, first, tag), digest);
    return undefined;
  });
  const hops = [
    { title: 'docker-registry to docker-registry', source: first, destination: second },
    ...(tag === 'v1'
      ? [
          { title: 'the simulated registry to docker-registry with a password', source: simulated, destination: third },
          { title: 'docker-registry with a password to the simulated ECR', source: third, destination: ecr },
        ]
      : [
          { title: 'the simulated registry to docker-registry', source: simulated, destination: direct(parts) },
          { title: 'docker-registry to the simulated ECR', source: second, destination: ecr },
        ]),
  ];
  for (const { title, source, destination } of hops) {
    await tally.check(`our copy copies ${tag} from ${title}, and skopeo reads all of it`, async () => {
      const { image, statistics } = await runCopy(parts.world, { source, destination, tag });
      assert.equal(image.digest, digest);
      assert.equal(await digestAt(skopeo, destination, tag), digest);
      await readWhole(skopeo, destination, tag);
      return `${statistics.copiedBlobs} blobs, ${statistics.copiedBytes} bytes`;
    });
  }
}

function direct({ to }: Parts): Place {
  return { name: `${to.host}/direct/agent`, login: null };
}

async function checkRepeats(parts: Parts): Promise<void> {
  const { tally, from, to, skopeo } = parts;
  const source: Place = { name: `${from.host}/filled/agent`, login: null };
  await tally.check('our copy sends nothing if docker-registry has the image under this tag', async () => {
    const destination: Place = { name: `${to.host}/acme/agent`, login: null };
    const { statistics } = await runCopy(parts.world, { source, destination, tag: 'multi' });
    const { copiedBlobs, mountedBlobs, skippedBlobs } = statistics;
    assert.deepEqual({ copiedBlobs, mountedBlobs, skippedBlobs }, { copiedBlobs: 0, mountedBlobs: 0, skippedBlobs: 0 });
    return undefined;
  });
  await tally.check('our copy mounts what another repository of the same docker-registry has', async () => {
    const destination: Place = { name: `${from.host}/mounted/agent`, login: null };
    const { statistics } = await runCopy(parts.world, { source, destination, tag: 'multi' });
    assert.equal(statistics.copiedBlobs, 0);
    assert.ok(statistics.mountedBlobs > 0);
    await readWhole(skopeo, destination, 'multi');
    return `${statistics.mountedBlobs} blobs`;
  });
}

async function checkWrongPassword(parts: Parts): Promise<void> {
  await parts.tally.check('our copy reports that docker-registry rejects the password', async () => {
    const source: Place = { name: `${parts.locked.host}/acme/agent`, login: 'docker:another' };
    const destination: Place = { name: `${parts.to.host}/acme/agent`, login: null };
    await assert.rejects(runCopy(parts.world, { source, destination, tag: 'v1' }), /AUTH_FAILED/);
    return undefined;
  });
}

function digestAt(skopeo: Skopeo, place: Place, tag: string): Promise<string> {
  return skopeo.digest(`docker://${place.name}:${tag}`, ...accessOf(place, ''));
}

/** Every manifest and every blob, each against its digest. */
async function readWhole(skopeo: Skopeo, place: Place, tag: string): Promise<void> {
  const target = skopeo.path(`read-${place.name.replaceAll(/\W/g, '-')}-${tag}`);
  await skopeo.say(
    'copy',
    '--all',
    '--preserve-digests',
    ...accessOf(place, 'src-'),
    `docker://${place.name}:${tag}`,
    `dir:${target}`,
  );
}

function accessOf({ name, login }: Place, prefix: '' | 'src-'): readonly string[] {
  const plain = name.startsWith('127.0.0.1:') ? [`--${prefix}tls-verify=false`] : [];
  return login === null ? plain : [...plain, `--${prefix}creds`, login];
}
