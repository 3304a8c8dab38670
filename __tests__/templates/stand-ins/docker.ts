import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Behaviour } from '../../../simulators/behaviour.ts';
import { SOURCE } from '../../../simulators/world.ts';
import type { JobPlace, StandIn } from '../runner/stand-in.ts';
import type { Outside } from './outside.ts';

/** What an image of this project does, where the project says so: `behaviour.json` beside the Dockerfile. */
interface Project {
  readonly behaviour?: Partial<Behaviour>;
  readonly vulnerabilities?: readonly string[];
}

export const setupBuildx: StandIn = ({ job }) => {
  job.left.set('buildx', 'docker-container');
  return { outputs: { name: 'builder' } };
};

/** Leaves what docker leaves: the host's entry in ~/.docker/config.json. */
export const logIn: StandIn = ({ job, inputs }) => {
  const { registry = '', username, password } = inputs;
  if (registry !== SOURCE.host || username !== SOURCE.username || password !== SOURCE.password) {
    throw new Error(`Error response from daemon: Get "https://${registry}/v2/": denied: denied`);
  }
  mkdirSync(path.join(job.home, '.docker'), { recursive: true });
  const auths = { [registry]: { auth: Buffer.from(`${username}:${password}`).toString('base64') } };
  writeFileSync(path.join(job.home, '.docker/config.json'), JSON.stringify({ auths }));
  return { post: () => writeFileSync(path.join(job.home, '.docker/config.json'), '{}') };
};

export function buildAndPush(outside: Outside): StandIn {
  return ({ job, inputs }) => {
    const { context = '', tags = '', push, sbom = 'false', provenance = '' } = inputs;
    const folder = path.join(job.workspace, context);
    // As of the command line: from the workspace, not from the context.
    const file = inputs['file'] ? path.join(job.workspace, inputs['file']) : path.join(folder, 'Dockerfile');
    if (!existsSync(file)) throw new Error('failed to solve: failed to read dockerfile: open Dockerfile: no such file');
    if (push !== 'true') throw new Error('nothing was pushed: an image for the next job has to be');
    ensureBuilder(job, [inputs['cache-to'] ?? '', sbom === 'true' ? 'sbom' : '', provenance]);
    ensureLogin(job);
    job.permissions.ensure('packages', 'write');
    const user = /^USER\s+(\S+)/m.exec(readFileSync(file, 'utf8'))?.[1] ?? '';
    const { behaviour = {}, vulnerabilities = [] } = readProject(folder);
    const digests = tags.split(/[\n,]/).map((tag) => outside.push(tag.trim(), { user, vulnerabilities, behaviour }));
    return { outputs: { digest: digests[0]!, imageid: digests[0]!, metadata: '{}' } };
  };
}

/** As every client of GHCR. */
export function ensureLogin(job: JobPlace): void {
  const file = path.join(job.home, '.docker/config.json');
  const known = existsSync(file) && readFileSync(file, 'utf8').includes(`"${SOURCE.host}"`);
  if (!known) throw new Error(`unauthorized: authentication required (${SOURCE.host})`);
}

/** The docker driver that is there without setup-buildx can do none of these. */
function ensureBuilder(job: JobPlace, wishes: readonly string[]): void {
  if (job.left.has('buildx') || wishes.every((wish) => wish === '')) return;
  throw new Error('Cache export is not supported for the docker driver. Switch to a different driver');
}

function readProject(folder: string): Project {
  const file = path.join(folder, 'behaviour.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Project) : {};
}
