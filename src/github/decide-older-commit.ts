import type { Io } from '../io/io.ts';
import { textAt, valueAt } from '../model/json.ts';
import type { OlderCommitPolicy } from '../model/older-commit.ts';
import type { RecordedDeployment } from './deployments.ts';

/** What is deployed, and what shows that a record is of it. */
export interface DeployedService {
  /** As the cloud names it, with its place. */
  readonly resource: string;
  /** Base URL; null: it has none. */
  readonly url: string | null;
}

/** Is a deployment that GitHub has recorded for the environment one of this service? */
export type Relation =
  /** This action has recorded it, for this service. */
  | 'same'
  /** The environment had it. Whether it was of this service, or deployed anything at all, is not known. */
  | 'possible'
  | 'other';

interface Question {
  readonly service: DeployedService;
  /** null: as nothing is given. */
  readonly policy: OlderCommitPolicy | null;
  /** The event that started this run. */
  readonly event: string;
}

/**
 * What the runner records for a job with `environment:` names a commit and an address, and no service. A plan, a test or
 * another service of the same environment has such a record too.
 */
export function relationOf(
  { ours, ref, address }: Pick<RecordedDeployment, 'ours' | 'ref' | 'address'>,
  { service, policy, event }: Question,
): Relation {
  if (ours?.isPreview) return 'other';
  if (ours && ours.service !== null) return ours.service === service.resource ? 'same' : 'other';
  // Of a commit that GitHub merged for a test, which no branch ever has.
  if (ref.startsWith('refs/pull/')) return 'other';
  // The runner records the last commit of the default branch then, whichever one was built.
  if (ours === null && event === 'workflow_run') return 'other';
  if (policy === 'refuse' || address === '' || service.url === null) return 'possible';
  return isSameAddress(address, service.url) ? 'possible' : 'other';
}

function isSameAddress(one: string, other: string): boolean {
  const [first, second] = [URL.parse(one), URL.parse(other)];
  return first !== null && first.host === second?.host && plainPath(first) === plainPath(second);
}

function plainPath({ pathname }: URL): string {
  return pathname.replace(/\/+$/, '');
}

/** What to do with a commit that is older than that of a deployment with this relation. `reason`: as `findReason`. */
export function decideOlderCommit(
  relation: Relation,
  policy: OlderCommitPolicy | null,
  reason: string | null,
): OlderCommitPolicy {
  if (policy === 'allow' || relation === 'other') return 'allow';
  if (policy === 'warn' || reason !== null) return 'warn';
  return relation === 'same' || policy === 'refuse' ? 'refuse' : 'warn';
}

/** No one chooses the commit that these deploy, or the moment. */
const AUTOMATIC = ['push', 'schedule', 'workflow_run'];

/**
 * Why this run may deploy an older commit on purpose, as the end of a sentence; null: nothing says so.
 * @param readPayload of the event
 */
export function findReason(env: Io['env'], readPayload: () => unknown): string | null {
  if (Number(env['GITHUB_RUN_ATTEMPT']) > 1) return 'this job was run again';
  const event = env['GITHUB_EVENT_NAME'] ?? '';
  if (!AUTOMATIC.includes(event)) return `the event is ${/^\w{1,60}$/.test(event) ? event : 'not known'}`;
  if (event === 'schedule') return null;
  const payload = readPayload();
  if (event === 'push') return findReasonOfPush(env, payload);
  const cause = textAt(payload, 'workflow_run', 'event');
  return cause === '' || AUTOMATIC.includes(cause) ? null : 'the workflow before it ran for another event than a push';
}

function findReasonOfPush(env: Io['env'], payload: unknown): string | null {
  if (env['GITHUB_REF_TYPE'] === 'tag') return 'a tag was pushed';
  if (valueAt(payload, 'forced') === true) return 'the push was forced';
  if (valueAt(payload, 'created') === true) return 'a branch was created';
  return null;
}
