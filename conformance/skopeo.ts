import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ECR_HOST, openWorld, SOURCE, type World } from '../simulators/world.ts';
import { openSkopeo, type Skopeo } from './skopeo-client.ts';
import type { Tally } from './tally.ts';

export interface SkopeoReferee {
  readonly program: string;
  readonly tally: Tally;
  readonly directory: string;
}

interface Inspected {
  readonly Digest: string;
  readonly RepoTags: readonly string[];
  readonly Architecture: string;
  readonly Layers: readonly string[];
}

const REPOSITORY = 'agent';
const atSource = `docker://${SOURCE.host}/${SOURCE.repository}`;
const atEcr = `docker://${ECR_HOST}/${REPOSITORY}`;
const sourceLogin = `${SOURCE.username}:${SOURCE.password}`;

/** skopeo reads, copies and checks images of the simulated registries. */
export async function checkWithSkopeo(referee: SkopeoReferee): Promise<void> {
  const { tally } = referee;
  const world = await openWorld();
  const skopeo = await openSkopeo(referee.program, world, referee.directory);
  world.publish('v1', {}, { layers: 3, layerBytes: 300_000 });
  world.publish('multi', {}, { platforms: ['linux/amd64', 'linux/arm64', 'linux/arm/v7'] });
  world.ecr.createRepository(REPOSITORY);
  const parts = { tally, world, skopeo, ecrLogin: `AWS:${world.aws.issuePassword()}` };
  await checkReading(parts);
  await checkCopies(parts);
  await checkFormats(parts);
  await checkLogins(parts);
  await world.close();
}

interface Parts {
  readonly tally: Tally;
  readonly world: World;
  readonly skopeo: Skopeo;
  readonly ecrLogin: string;
}

function digestIn(world: World, tag: string, where: 'source' | 'ecr' = 'source'): string {
  const name = where === 'source' ? SOURCE.repository : REPOSITORY;
  return world[where].snapshot().repositories[name]?.tags[tag] ?? 'none';
}

async function checkReading({ tally, world, skopeo }: Parts): Promise<void> {
  await tally.check('skopeo inspect reads an image behind a token', async () => {
    const text = await skopeo.say('inspect', '--creds', sourceLogin, `${atSource}:v1`);
    const { Digest, RepoTags, Architecture, Layers } = JSON.parse(text) as Inspected;
    const seen = { Digest, RepoTags: [...RepoTags].sort(), Architecture, layers: Layers.length };
    assert.deepEqual(seen, {
      Digest: digestIn(world, 'v1'),
      RepoTags: ['multi', 'v1'],
      Architecture: 'amd64',
      layers: 3,
    });
    return undefined;
  });
  await tally.check('skopeo inspect without a login reads what anonymous clients may pull', async () => {
    assert.equal(await skopeo.digest(`${atSource}:multi`), digestIn(world, 'multi'));
    return undefined;
  });
  await tally.check('skopeo list-tags lists them', async () => {
    const { Tags } = JSON.parse(await skopeo.say('list-tags', atSource)) as { readonly Tags: readonly string[] };
    assert.deepEqual([...Tags].sort(), ['multi', 'v1']);
    return undefined;
  });
}

async function checkCopies({ tally, world, skopeo, ecrLogin }: Parts): Promise<void> {
  const logins = ['--src-creds', sourceLogin, '--dest-creds', ecrLogin];
  await tally.check('skopeo copy from the token registry to the ECR-like one keeps the digest', async () => {
    await skopeo.say('copy', '--preserve-digests', ...logins, `${atSource}:v1`, `${atEcr}:v1`);
    assert.equal(digestIn(world, 'v1', 'ecr'), digestIn(world, 'v1'));
    assert.equal(await skopeo.digest(`${atEcr}:v1`, '--creds', ecrLogin), digestIn(world, 'v1'));
    return digestIn(world, 'v1').slice(0, 19);
  });
  await tally.check('skopeo copy --all keeps the digest of an index with an attestation', async () => {
    await skopeo.say('copy', '--all', '--preserve-digests', ...logins, `${atSource}:multi`, `${atEcr}:multi`);
    assert.equal(digestIn(world, 'multi', 'ecr'), digestIn(world, 'multi'));
    const stored = world.ecr.snapshot().repositories[REPOSITORY]?.manifests.length;
    assert.equal(stored, 1 + 5);
    return `${stored} manifests`;
  });
}

async function checkFormats({ tally, world, skopeo, ecrLogin }: Parts): Promise<void> {
  for (const tag of ['v1', 'multi']) {
    for (const format of ['oci', 'dir']) {
      await tally.check(`skopeo copy of ${tag} to ${format}: and back keeps the digest`, async () => {
        const place = `${format}:${skopeo.path(`${format}-${tag}`)}`;
        const name = `${tag}-from-${format}`;
        const all = ['copy', '--all', '--preserve-digests'];
        await skopeo.say(...all, '--src-creds', sourceLogin, `${atSource}:${tag}`, place);
        await skopeo.say(...all, '--dest-creds', ecrLogin, place, `${atEcr}:${name}`);
        assert.equal(digestIn(world, name, 'ecr'), digestIn(world, tag));
        return undefined;
      });
    }
  }
  await tally.check('skopeo finds the layers that the config names when it unpacks an image for docker', async () => {
    const archive = `docker-archive:${skopeo.path('archive.tar')}:agent:v1`;
    await skopeo.say('copy', '--src-creds', sourceLogin, `${atSource}:v1`, archive);
    await skopeo.say('copy', archive, `dir:${skopeo.path('unpacked')}`);
    const before = await configDigest(skopeo.path('dir-v1'));
    assert.equal(await configDigest(skopeo.path('unpacked')), before);
    return `image id ${before.slice(0, 19)}`;
  });
}

async function configDigest(directory: string): Promise<string> {
  const manifest = JSON.parse(await readFile(path.join(directory, 'manifest.json'), 'utf8')) as {
    readonly config: { readonly digest: string };
  };
  return manifest.config.digest;
}

async function checkLogins({ tally, skopeo, ecrLogin }: Parts): Promise<void> {
  const file = skopeo.path('auth.json');
  const logins = [
    { host: SOURCE.host, login: sourceLogin, refusal: /invalid username\/password/ },
    // ECR gives no challenge for a wrong password: https://github.com/aws/containers-roadmap/issues/2835
    { host: ECR_HOST, login: ecrLogin, refusal: /400 \(Bad Request\)/ },
  ];
  for (const { host, login, refusal } of logins) {
    const [username = '', ...rest] = login.split(':');
    const command = ['login', '--authfile', file, '--username', username, '--password'];
    await tally.check(`skopeo login to ${host} succeeds, and fails with another password`, async () => {
      assert.match(await skopeo.say(...command, rest.join(':'), host), /Login Succeeded!/);
      const { exitCode, stderr } = await skopeo.try(...command, 'another', host);
      assert.notEqual(exitCode, 0);
      assert.match(stderr, refusal);
      return undefined;
    });
  }
  await tally.check('skopeo is refused a push without a login', async () => {
    const { exitCode, stderr } = await skopeo.try('copy', `${atSource}:v1`, `${atSource}:v2`);
    assert.notEqual(exitCode, 0);
    assert.match(stderr, /authentication required|unauthorized/);
    return undefined;
  });
  await tally.check('skopeo reports a missing repository', async () => {
    const { exitCode, stderr } = await skopeo.try('inspect', '--creds', ecrLogin, `docker://${ECR_HOST}/missing:v1`);
    assert.notEqual(exitCode, 0);
    assert.match(stderr, /name unknown|does not exist/);
    return undefined;
  });
}
