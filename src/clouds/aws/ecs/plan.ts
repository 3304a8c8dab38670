import { isDeepStrictEqual } from 'node:util';
import type { Service } from '@aws-sdk/client-ecs';
import { type RetryPolicy, retryTransient } from '../../../io/retry-transient.ts';
import { ensureEdit } from '../../../model/change.ts';
import { DeployError } from '../../../model/errors.ts';
import { compareSizes } from '../../../model/instance-size.ts';
import type { JsonObject } from '../../../model/json.ts';
import type { ChangeMark } from '../../../model/restore-point.ts';
import type { Base, Change, ChangePlan } from '../../../model/workload.ts';
import { isWrongAnswer } from '../../../model/wrong-answer.ts';
import { callAws } from '../read-aws.ts';
import type { EcsDeployments } from './deployments.ts';
import { platformOf } from './platform.ts';
import { describeService, type EcsService, isSteady, readLive, shortRevision } from './service.ts';
import { editDocument, listWarnings, readContainers, toDocument } from './task-definition.ts';
import { listDifferences } from './task-definition-differences.ts';
import { describeTaskDefinition, registerTaskDefinition } from './task-definition-wire.ts';
import { taskSize } from './task-size.ts';

/** The change compared with what the service names now. */
export async function planChange(ecs: EcsService, deployments: EcsDeployments, change: Change): Promise<ChangePlan> {
  const edit = ensureEdit(change, ecs.resource);
  const service = await describeService(ecs);
  const live = await readLiveDocument(ecs, service);
  const base = await readBase(ecs, live, edit.base);
  const edited = editDocument(base, edit);
  const equal = isDeepStrictEqual(live, edited);
  const healthy = equal && isSteady(service) && (await lastSucceeded(deployments));
  return {
    unchanged: healthy,
    differences: listDifferences(live, edited),
    warnings: listWarnings(base, edited),
    size: compareSizes(taskSize(live), taskSize(edited)),
    platform: platformOf(edited, service),
  };
}

/** Registers the definition that is the base with our change in it. Always a new revision: its ARN is what tells ours apart. */
export async function registerChange(ecs: EcsService, change: Change): Promise<ChangeMark> {
  const edit = ensureEdit(change, ecs.resource);
  const live = await readLiveDocument(ecs, await describeService(ecs));
  const document = editDocument(await readBase(ecs, live, edit.base), edit);
  const { arn, attempts } = await registerPatiently(ecs, document);
  if (attempts > 1) {
    ecs.io.log.info(
      `Registering ${shortRevision(arn)} took ${attempts} attempts: an unused revision just before it may stay registered.`,
    );
  }
  return arn;
}

async function readLiveDocument(ecs: EcsService, service: Service): Promise<JsonObject> {
  return await readDocument(ecs, readLive(service));
}

/**
 * See `EditChange.base`. Only a deployment makes a task definition live, so the newest one, which Terraform may have
 * registered, is the base only where that is requested. A family stands for its newest ACTIVE revision:
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html
 */
async function readBase(ecs: EcsService, live: JsonObject, base: Base | null): Promise<JsonObject> {
  return base === 'latest' ? await readDocument(ecs, String(live['family'])) : live;
}

async function readDocument(ecs: EcsService, name: string): Promise<JsonObject> {
  return toDocument(await describeTaskDefinition(ecs, name));
}

/** A service whose deployments AWS no longer remembers is taken by what it is. */
async function lastSucceeded(deployments: EcsDeployments): Promise<boolean> {
  const [newest] = await deployments.list();
  return !newest || newest.status === 'SUCCESSFUL';
}

/**
 * AWS takes one new revision of a family at a time, and the SDK does not try again for that reason. An answer that AWS did
 * not write names no revision: another one is registered, and the first may stay registered without being used.
 */
const REGISTERING: RetryPolicy = {
  tries: 4,
  firstDelayMs: 1_000,
  mayPass: (error) => isWrongAnswer(error) || (error instanceof DeployError && error.code === 'THROTTLED'),
};

async function registerPatiently(ecs: EcsService, document: JsonObject) {
  const what = `register a revision of task definition ${document['family']}`;
  const call = { what, action: 'ecs:RegisterTaskDefinition', secrets: listSecrets(document) };
  const register = () => callAws(call, () => registerTaskDefinition(ecs.client, document));
  return await retryTransient(register, REGISTERING, { clock: ecs.io.clock, signal: ecs.signal });
}

// Names and references, without which a message of AWS could not be understood.
const SHOWN =
  /^(?:name|image|family|cpu|memory|networkMode|requiresCompatibilities|logDriver|protocol|valueFrom|.*[aA]rn|awslogs-.*|sourceVolume|containerPath|containerName|condition|key)$/;

/** A validation error of AWS may quote what it did not like: a variable's value, an argument, a label. */
function listSecrets(document: JsonObject): readonly string[] {
  const variables = readContainers(document).map(({ environment }) => environment);
  // Of what is no variable, short texts are mostly words: `task`, `linux`.
  return [...listTexts(variables), ...listTexts(document).filter(({ length }) => length >= 8)];
}

function listTexts(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => (SHOWN.test(name) ? [] : listTexts(member)));
}
