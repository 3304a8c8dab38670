import path from 'node:path';
import type { Entries } from '../simulators/agent.ts';
import type { Behaviour } from '../simulators/behaviour.ts';
import { isObject, type Json } from '../simulators/json.ts';
import type { ProcessPool } from '../simulators/process-pool/process-pool.ts';
import { registerWorld } from './in-process/worlds.ts';
import { inputsOf, type Row } from './rows.ts';
import { SECRETS } from './secrets.ts';
import { openCloudRun } from './targets/cloud-run.ts';
import { openContainerApps } from './targets/container-apps.ts';
import { openEcs } from './targets/ecs.ts';
import { openKubernetes } from './targets/kubernetes.ts';
import type { TargetStage } from './targets/target.ts';

const folder = path.resolve(import.meta.dirname, '../__tests__/fixtures/entries');
const entries: Entries = { main: path.join(folder, 'main.ts'), post: path.join(folder, 'post.ts') };

/** The service `agent`, which runs v1, and everything that one case needs of it. */
export interface Stage extends TargetStage {
  readonly row: Row;
  readonly pool: ProcessPool | null;
  /** Exactly what is configured and serves. */
  exact(): string;
  /** The same with the version in place of every name that the platform or the action chose. */
  shape(): string;
  /** The same without revisions of these versions that have no traffic. */
  shapeWithout(...versions: readonly string[]): string;
  close(): Promise<void>;
}

/** Of images: what their container answers to the smoke test. */
export const GOOD: Partial<Behaviour> = {};
export const BAD: Partial<Behaviour> = { answers: { '/health': { status: 500, body: 'no' } } };

/** After this all is still: connections are drained, what was late has come. */
const SETTLED_AFTER_MS = 240_000;

export async function openStage(row: Row, pool: ProcessPool | null): Promise<Stage> {
  const opened = await openTarget(row);
  const target = row.form === 'copy' ? withSource(opened) : opened;
  const forget = registerWorld(target.agent.world);
  const exact = (): string => textOf(target.agent.snapshot());
  return {
    ...target,
    row,
    pool,
    exact,
    shape: () => withVersions(exact(), target.names()),
    shapeWithout(...versions) {
      const { activeRevisions, ...rest } = target.agent.snapshot();
      if (!Array.isArray(activeRevisions)) return withVersions(exact(), target.names());
      const names = target.names();
      const isTheirs = (revision: Json): boolean =>
        isObject(revision) &&
        revision['weight'] === 0 &&
        new RegExp(`<(?:${versions.join('|')})>|:(?:${versions.join('|')})"`).test(
          withVersions(textOf(revision), names),
        );
      const kept = activeRevisions.filter((revision) => !isTheirs(revision));
      return withVersions(textOf({ ...rest, activeRevisions: kept }), names);
    },
    async close() {
      forget();
      await target.agent.close();
    },
  };
}

export async function settle({ agent }: Stage): Promise<void> {
  await agent.world.clock.advance(SETTLED_AFTER_MS);
}

function openTarget({ target, form }: Row): Promise<TargetStage> {
  if (target === 'ecs') return openEcs(entries);
  if (target === 'kubernetes') return openKubernetes(entries, form);
  return target === 'cloud-run' ? openCloudRun(entries) : openContainerApps(entries, form);
}

/** Images are in another registry. */
function withSource(target: TargetStage): TargetStage {
  const { world } = target.agent;
  const digests = new Map<string, string>();
  return {
    ...target,
    publish(version, behaviour) {
      const name = world.publish(version, behaviour);
      digests.set(world.source.pull(name, 'linux/amd64')!.digest, version);
      return name;
    },
    names: () => new Map([...digests, ...target.names()]),
  };
}

/** Where the image is in the service's own registry. */
const NO_COPY = { 'copy-to': '', 'registry-username': '', 'registry-password': '' };

/** What every deployment of a row gets. */
export function inputsFor({ row, inputs }: Stage, image: string): Record<string, string> {
  return {
    ...inputsOf(row),
    image,
    ...(row.form === 'copy' ? {} : NO_COPY),
    'environment-variables': `DATABASE_URL: ${SECRETS.environment}`,
    'smoke-tests': JSON.stringify([
      { 'GET /health': { headers: { authorization: `Bearer ${SECRETS.bearer}` }, 'retry-for': '5s' } },
    ]),
    ...inputs,
  };
}

function textOf(snapshot: Json): string {
  return JSON.stringify(sorted(snapshot), null, 1);
}

/** The order of members says nothing. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name] ?? null)]));
}

function withVersions(text: string, names: ReadonlyMap<string, string>): string {
  // The longest first: one name may be the beginning of another.
  const sorted = [...names].sort(([one], [other]) => other.length - one.length);
  return sorted.reduce((rest, [name, version]) => rest.replaceAll(name, `<${version}>`), text);
}
