import { type InstanceSize, sumOf } from '../../../model/instance-size.ts';
import { type JsonObject, numberAt } from '../../../model/json.ts';
import { readContainers } from './task-definition.ts';

const CPU_UNITS = 1024;
const MIB = 2 ** 20;

/**
 * CPU units and MiB of the task, or of its containers where it has none of its own, as tasks on EC2 may.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#task_size
 */
export function taskSize(definition: JsonObject): InstanceSize {
  const units = amountAt(definition, 'cpu') ?? sumOfContainers(definition, 'cpu');
  const mebibytes = amountAt(definition, 'memory') ?? sumOfContainers(definition, 'memory', 'memoryReservation');
  return {
    cpus: units === null ? null : units / CPU_UNITS,
    memoryBytes: mebibytes === null ? null : mebibytes * MIB,
  };
}

function sumOfContainers(definition: JsonObject, ...names: readonly string[]): number | null {
  const first = (container: JsonObject) => names.map((name) => amountAt(container, name)).find((one) => one !== null);
  return sumOf(readContainers(definition).map((container) => first(container) ?? null));
}

/** Zero says as much as none. */
function amountAt(document: JsonObject, name: string): number | null {
  return numberAt(document, name) || null;
}
