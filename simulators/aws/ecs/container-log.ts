import { isObject } from '../../json.ts';
import { readObject, readString } from '../json.ts';
import type { AwsWorld } from '../world.ts';
import type { Task, TaskContainer } from './state.ts';

/** What the awslogs driver does: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html */
export function writeContainerLog(
  world: AwsWorld,
  task: Task,
  { container, lines }: { readonly container: TaskContainer; readonly lines: readonly string[] },
): void {
  const configuration = container.definition['logConfiguration'];
  if (!isObject(configuration) || configuration['logDriver'] !== 'awslogs') return;
  const options = readObject(configuration, 'options') ?? {};
  const group = readString(options, 'awslogs-group');
  const prefix = readString(options, 'awslogs-stream-prefix');
  if (group === null || prefix === null) return;
  const at = world.queue.now;
  world.logs.write(
    group,
    `${prefix}/${container.name}/${task.id}`,
    lines.map((message) => ({ at, message })),
  );
}
