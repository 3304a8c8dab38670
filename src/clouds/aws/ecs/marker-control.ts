import { type Service, type Tag, TagResourceCommand, UntagResourceCommand } from '@aws-sdk/client-ecs';
import { readOptional } from '../../../io/read-optional.ts';
import { type RetryPolicy, retryTransient } from '../../../io/retry-transient.ts';
import { DeployError } from '../../../model/errors.ts';
import type { MarkerControl } from '../../../model/marker-control.ts';
import type { ChangeMark, RestorePoint } from '../../../model/restore-point.ts';
import { MARKER_HOLDS_MS } from '../../../model/rollout-marker.ts';
import { joinSentences } from '../../../model/sentences.ts';
import { noteUnanswered } from '../../../model/unanswered.ts';
import { callAws } from '../read-aws.ts';
import { sendOnce } from '../send-once.ts';
import { findMarkers, findOwn, isOver, type RolloutPhase, toTags } from './rollout-tags.ts';
import { describeService, type EcsService } from './service.ts';

/** See `Workload.marker`. Tags start no deployment, and change none that is in progress. */
export function openMarkerControl(ecs: EcsService): MarkerControl {
  return {
    async renew(point, _mark, until) {
      const own = findOwn(findMarkers(await describeService(ecs), ecs.resource), point.run)?.marker;
      if (!own || own.phase === 'released' || own.until >= until) return;
      // Only the first tag: were the request late and the others gone, nothing could be restored from it.
      await tag(ecs, toTags({ ...own, until }).slice(0, 1));
    },
    async remove(point) {
      await removeMarker(ecs, await describeService(ecs), point);
    },
  };
}

export interface Marking {
  readonly point: RestorePoint;
  readonly mark: ChangeMark;
  readonly phase: RolloutPhase;
  readonly until: number;
}

/** False: the point names no run, or the service can't be tagged. The deployment itself is all then that others see. */
export async function writeMarker(ecs: EcsService, { point, mark, phase, until }: Marking): Promise<boolean> {
  const { run } = point;
  if (!run) return false;
  const write = async () => {
    await tag(ecs, toTags({ run, point, mark, phase, until }));
    return true;
  };
  return (await readOptional(write, { without: CANNOT_TAG, tell: (error) => warnOnce(ecs, UNMARKED, error) })) ?? false;
}

/** Before the service is updated to the previous definition: it tells that update from another user's. It may fail. */
export async function markRestoring(ecs: EcsService, point: RestorePoint, mark: ChangeMark): Promise<void> {
  const until = ecs.io.clock.now() + MARKER_HOLDS_MS;
  const tell = ({ message }: DeployError) => ecs.io.log.debug(message);
  await readOptional(() => writeMarker(ecs, { point, mark, phase: 'restoring', until }), { without: 'any', tell });
}

/** Removes the marker of this run, and those that no run stands behind. `service`: as it was just read. */
export async function removeMarker(ecs: EcsService, service: Service, point: RestorePoint): Promise<void> {
  const markers = findMarkers(service, ecs.resource);
  const own = findOwn(markers, point.run);
  const now = ecs.io.clock.now();
  const over = markers.filter((marker) => marker === own || isOver(marker, now));
  const keys = over.flatMap((marker) => marker.keys);
  if (!own || keys.length === 0) return;
  const removed = await readOptional(() => untag(ecs, keys), {
    without: CANNOT_TAG,
    tell: (error) => warnOnce(ecs, STAYS, error),
  });
  // One that stayed would make the next run restore what was live before a good deployment.
  if (!removed && own.marker) await tag(ecs, toTags({ ...own.marker, phase: 'released' }).slice(0, 1));
}

const CANNOT_TAG = ['PERMISSION_DENIED', 'DEPLOY_REJECTED'] as const;
const UNMARKED = 'continuing without a marker on the service: other runs see only the deployment itself';
const STAYS = 'the tags of this run stay on the service, marked as released';

function warnOnce({ io, warned }: EcsService, loss: string, { message, hint }: DeployError): void {
  if (!warned.has(loss)) io.log.warning(joinSentences(`${message}; ${loss}`, hint));
  warned.add(loss);
}

async function tag(ecs: EcsService, tags: readonly Tag[]): Promise<void> {
  const command = new TagResourceCommand({ resourceArn: ecs.arn, tags: [...tags] });
  const call = { what: `tag ${ecs.resource}`, action: 'ecs:TagResource' };
  const send = () => callAws(call, () => ecs.client.send(sendOnce(command)));
  await noteUnanswered(ecs.unanswered, ecs.io.clock, send);
}

/** Whatever AWS answers once, it may answer otherwise a second later; a missing permission is no such thing. */
const UNTAGGING: RetryPolicy = {
  tries: 3,
  firstDelayMs: 1_000,
  mayPass: (error) => error instanceof DeployError && error.code === 'DEPLOY_REJECTED',
};

async function untag(ecs: EcsService, tagKeys: readonly string[]): Promise<boolean> {
  const command = new UntagResourceCommand({ resourceArn: ecs.arn, tagKeys: [...tagKeys] });
  const call = { what: `untag ${ecs.resource}`, action: 'ecs:UntagResource' };
  const send = () => callAws(call, () => ecs.client.send(command));
  await retryTransient(send, UNTAGGING, { clock: ecs.io.clock, signal: ecs.signal });
  return true;
}
