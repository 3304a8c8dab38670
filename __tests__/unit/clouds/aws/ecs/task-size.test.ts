import { expect, test } from '@jest/globals';
import { taskSize } from '../../../../../src/clouds/aws/ecs/task-size.ts';

const MIB = 2 ** 20;

test.each<[string, object, object]>([
  ['of the task', { cpu: '512', memory: '1024' }, { cpus: 0.5, memoryBytes: 1024 * MIB }],
  [
    'of its containers',
    {
      containerDefinitions: [
        { cpu: 256, memory: 128 },
        { cpu: 256, memoryReservation: 64 },
      ],
    },
    { cpus: 0.5, memoryBytes: 192 * MIB },
  ],
  [
    'that one container leaves open',
    { containerDefinitions: [{ cpu: 0, memory: 128 }, { cpu: 256 }] },
    { cpus: null, memoryBytes: null },
  ],
])('a size %s', (_, definition, size) => {
  expect(taskSize({ containerDefinitions: [], ...definition })).toEqual(size);
});
