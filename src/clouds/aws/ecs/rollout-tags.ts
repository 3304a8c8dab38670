import type { Service, Tag } from '@aws-sdk/client-ecs';
import * as z from 'zod';
import { tryParseJson } from '../../../model/json.ts';
import type { RestorePoint, RunIdentity } from '../../../model/restore-point.ts';
import { isAbandoned, type RolloutMarker } from '../../../model/rollout-marker.ts';

/**
 * Tags of the service are the marker of a rollout: they start no deployment. Every run has keys of its own, so that two
 * that write at once see each other when they read. A value has 256 characters at most, of letters, digits, spaces and
 * `+ - = . _ : / @`. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html
 */
const PREFIX = 'deploy-agent/';
const VERSION = 1;
const LONGEST_VALUE = 256;

/**
 * What the run is doing. `restoring`: it restores what was there before, so that definition is live by its own request.
 * `released`: it is done, and may not remove its tags.
 */
export type RolloutPhase = 'rolling-out' | 'restoring' | 'released';

export interface ServiceMarker extends RolloutMarker {
  readonly phase: RolloutPhase;
}

/** `marker` null: another version of this action wrote it. */
export interface FoundMarker {
  readonly runId: string;
  readonly phase: string;
  /** In milliseconds since 1970. */
  readonly until: number;
  /** Of all its tags. */
  readonly keys: readonly string[];
  readonly marker: ServiceMarker | null;
}

/** Milliseconds since 1970: what a date can hold. */
const time = z.number().min(0).max(8.64e15);
const schema = z.object({
  name: z.string(),
  since: time,
  mark: z.string().min(1),
  revision: z.string().nullable(),
  data: z.record(z.string(), z.unknown()),
});

/** The first tag says until when it holds, for people too; the others hold the rest, as base64url of JSON. */
export function toTags({ run, until, mark, point, phase }: ServiceMarker): readonly Required<Tag>[] {
  const { revision, data } = point;
  const text = JSON.stringify({ name: run.name, since: run.since, mark, revision, data });
  const pieces =
    Buffer.from(text)
      .toString('base64url')
      .match(new RegExp(`.{1,${LONGEST_VALUE}}`, 'g')) ?? [];
  const head = `v${VERSION} ${phase} until ${new Date(until).toISOString()} in ${pieces.length}`;
  return [
    { key: `${PREFIX}${run.id}`, value: head },
    ...pieces.map((value, index) => ({ key: `${PREFIX}${run.id}/${index + 1}`, value })),
  ];
}

const HEAD_KEY = /^deploy-agent\/([\w-]+)$/;
const HEAD = /^v(\d+) ([a-z-]+) until (\S+)(?: in (\d+))?/;
const PHASES: readonly string[] = ['rolling-out', 'restoring', 'released'] satisfies readonly RolloutPhase[];

/** The markers of all runs. */
export function findMarkers({ tags = [] }: Pick<Service, 'tags'>, resource: string): readonly FoundMarker[] {
  const values = new Map(tags.map(({ key = '', value = '' }) => [key, value]));
  return [...values].flatMap(([key, value]) => {
    const runId = HEAD_KEY.exec(key)?.[1];
    const head = HEAD.exec(value);
    if (!runId || !head) return [];
    const [, version, phase = '', ends = '', count] = head;
    const keys = [key, ...[...values.keys()].filter((other) => other.startsWith(`${key}/`))];
    const found = { runId, phase, until: Date.parse(ends) || 0, keys };
    const isKnown = Number(version) === VERSION && PHASES.includes(phase);
    const pieces = Array.from({ length: Number(count) }, (_, index) => values.get(`${key}/${index + 1}`) ?? '');
    return [{ ...found, marker: isKnown ? readMarker(pieces.join(''), found, resource) : null }];
  });
}

function readMarker(
  text: string,
  { runId, phase, until }: Pick<FoundMarker, 'runId' | 'phase' | 'until'>,
  resource: string,
): ServiceMarker | null {
  const { data: read } = schema.safeParse(tryParseJson(Buffer.from(text, 'base64url').toString()));
  if (!read) return null;
  const run: RunIdentity = { id: runId, name: read.name, since: read.since };
  const point: RestorePoint = { resource, revision: read.revision, data: read.data, run };
  return { run, until, mark: read.mark, point, phase: phase as RolloutPhase };
}

/** Of this run; null: there is none. */
export function findOwn(markers: readonly FoundMarker[], run: RunIdentity | undefined): FoundMarker | null {
  return markers.find(({ runId }) => runId === run?.id) ?? null;
}

/** No run stands behind it: it is not waited for, and whoever deploys next removes it. */
export function isOver(found: FoundMarker, now: number): boolean {
  return found.phase === 'released' || isAbandoned(found, now);
}
