import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { Task } from '@aws-sdk/client-ecs';
import { describeGap, readIfAllowed, readOptional } from '../../../io/read-optional.ts';
import type { DeployError } from '../../../model/errors.ts';
import type { JsonObject } from '../../../model/json.ts';
import { clientSettings } from '../client-settings.ts';
import { failedContainers, taskId } from './early-failure.ts';
import { type EcsService, readEcs } from './service.ts';
import { readContainers } from './task-definition.ts';

export interface ContainerLogs {
  readonly logs: readonly { readonly source: string; readonly lines: readonly string[] }[];
  /** Why some are not there: one line each. */
  readonly facts: readonly string[];
}

const LINES = 40;
const MAX_LINE_CHARACTERS = 1_000;
const MAX_CONTAINERS = 3;

/** The last log lines of a task's containers: of those that failed, else of all. */
export async function readContainerLogs(ecs: EcsService, task: Task, definition: JsonObject): Promise<ContainerLogs> {
  const failed = failedContainers(task).map(({ name }) => name);
  const containers = readContainers(definition).filter(
    ({ name }) => failed.length === 0 || failed.includes(String(name)),
  );
  const logs: { source: string; lines: readonly string[] }[] = [];
  const facts: string[] = [];
  for (const container of containers.slice(0, MAX_CONTAINERS)) {
    const stream = findStream(container, task);
    if (!stream) {
      facts.push(
        `container ${container['name']} does not log to CloudWatch with a stream prefix: its logs are not shown`,
      );
      continue;
    }
    const found = await tryRead(ecs, stream);
    if (typeof found === 'string') facts.push(found);
    else if (found.length > 0) logs.push({ source: `${stream.container} (${stream.group})`, lines: found });
  }
  return { logs, facts };
}

interface Stream {
  readonly container: string;
  readonly group: string;
  readonly name: string;
  readonly region: string | null;
}

/** https://docs.aws.amazon.com/prescriptive-guidance/latest/implementing-logging-monitoring-cloudwatch/ec2-fargate-logs.html */
function findStream(container: JsonObject, task: Task): Stream | null {
  const { logDriver, options = {} } = (container['logConfiguration'] ?? {}) as {
    logDriver?: string;
    options?: Record<string, string>;
  };
  const group = options['awslogs-group'];
  const prefix = options['awslogs-stream-prefix'];
  if (logDriver !== 'awslogs' || !group || !prefix) return null;
  const name = String(container['name']);
  return {
    container: name,
    group,
    name: `${prefix}/${name}/${taskId(task)}`,
    region: options['awslogs-region'] ?? null,
  };
}

async function tryRead(ecs: EcsService, stream: Stream): Promise<readonly string[] | string> {
  const command = new GetLogEventsCommand({
    logGroupName: stream.group,
    logStreamName: stream.name,
    limit: LINES,
    startFromHead: false,
  });
  // Containers may log to another region than the service's.
  const client = new CloudWatchLogsClient(clientSettings(stream.region ?? ecs.region, ecs.io));
  const what = `read the logs of container ${stream.container}`;
  const call = { what, action: 'logs:GetLogEvents', holds: ['events'] };
  const read = () => readEcs(ecs, call, (options) => client.send(command, options));
  let gap = '';
  const tell = (error: DeployError): void => {
    // A container that has not printed anything yet has no stream, and its group may be made with the first.
    gap = error.code === 'NOT_FOUND' ? error.message : describeGap(error);
  };
  const readAllowed = () => readIfAllowed(ecs, 'the containers’ last log lines', read);
  const { events = [] } = (await readOptional(readAllowed, { without: 'any', tell })) ?? {};
  return gap || events.map(({ message = '' }) => message.trimEnd().slice(0, MAX_LINE_CHARACTERS));
}
