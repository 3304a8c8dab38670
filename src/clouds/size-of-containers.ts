import { type InstanceSize, parseQuantity, sumOf } from '../model/instance-size.ts';
import { type JsonObject, valueAt } from '../model/json.ts';

/** Of containers whose `resources` have quantities of `cpu` and `memory` at this path: `500m`, `512Mi`. */
export function sizeOfContainers(containers: readonly JsonObject[], ...path: readonly string[]): InstanceSize {
  const sum = (name: string) =>
    sumOf(containers.map((container) => parseQuantity(valueAt(container, 'resources', ...path, name))));
  return { cpus: sum('cpu'), memoryBytes: sum('memory') };
}
