import { DescribeTaskDefinitionCommand, type ECSClient, RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { DeployError } from '../../../model/errors.ts';
import { isJsonObject, type JsonObject } from '../../../model/json.ts';
import { listVariableValues } from '../../../model/variable-values.ts';
import { parseAnswer, WrongAnswer } from '../../../model/wrong-answer.ts';
import { type EcsService, readEcs, shortRevision } from './service.ts';

/** As AWS sent it. `tags` is a sibling here, and a member of the document when it is registered. */
export interface DescribedTaskDefinition {
  readonly taskDefinition: JsonObject;
  readonly tags?: readonly JsonObject[];
}

// A task definition has 64 kB at most.
const MAX_BYTES = 1_000_000;

/**
 * The answer as it was on the wire: the typed client drops every field that its version does not know, at the top and
 * inside containers (measured with 3.1162.0), and a field that is dropped here would be gone from the live service.
 */
export async function describeTaskDefinition(ecs: EcsService, arn: string): Promise<DescribedTaskDefinition> {
  const call = { what: `read task definition ${shortRevision(arn)}`, action: 'ecs:DescribeTaskDefinition' };
  return await readEcs(ecs, call, async ({ abortSignal }) => {
    const wire = await readWire(ecs.client, arn, abortSignal);
    const { taskDefinition, tags } = parseAnswer(wire, 'AWS');
    if (!isJsonObject(taskDefinition)) throw new WrongAnswer('the answer has no taskDefinition', 'AWS');
    ecs.io.log.hide(listVariableValues(taskDefinition));
    return { taskDefinition, ...(Array.isArray(tags) ? { tags } : {}) };
  });
}

async function readWire(ecs: ECSClient, arn: string, abortSignal: AbortSignal): Promise<string> {
  let wire = '';
  const command = new DescribeTaskDefinitionCommand({ taskDefinition: arn, include: ['TAGS'] });
  // Nearest to the socket and below the retry loop, so that the SDK still tries again when the body breaks off.
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as { body: AsyncIterable<Uint8Array> | Uint8Array };
      const bytes = await collect(response.body as AsyncIterable<Uint8Array>);
      // Now and not later: the SDK changes the prototype of the bytes that it is given, and they no longer are a Buffer.
      wire = bytes.toString('utf8');
      response.body = bytes;
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'keepWireBody' },
  );
  await ecs.send(command, { abortSignal });
  return wire;
}

/** Registers exactly this document. `attempts` above 1: an earlier attempt may have registered a revision too. */
export async function registerTaskDefinition(
  ecs: ECSClient,
  document: JsonObject,
): Promise<{ readonly arn: string; readonly attempts: number }> {
  const command = new RegisterTaskDefinitionCommand({ family: String(document['family']), containerDefinitions: [] });
  // After the typed body was written, before its length is taken and it is signed. A step later, the body is cut at the
  // old length; a step earlier, there is no request yet and the edit is silently lost.
  command.middlewareStack.add(
    (next) => async (args) => {
      (args.request as { body: string }).body = JSON.stringify(document);
      return next(args);
    },
    { step: 'build', priority: 'high', name: 'sendWireBody' },
  );
  const answer = await ecs.send(command);
  const arn = answer.taskDefinition?.taskDefinitionArn;
  if (!arn) {
    throw new WrongAnswer('the answer names no task definition', 'AWS');
  }
  return { arn, attempts: answer.$metadata.attempts ?? 1 };
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BYTES)
      throw new DeployError('NETWORK', `could not read the task definition: over ${MAX_BYTES} bytes`, {
        hint: 'Check what answers for ECS between here and AWS (proxy, VPC endpoint): a task definition has 64 kB at most.',
      });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
